//! The service that the W3C Trace Context validation suite drives.
//!
//! `POST /test` takes a JSON list of `{"url": …, "arguments": …}`, posts the `arguments` of each element to its `url`, one
//! after the other, and answers 200 whatever the answers were. The two layers handle the trace context.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Request, StatusCode, Uri};
use axum::routing::post;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;
use serde_json::Value;
use tower::{ServiceBuilder, ServiceExt};
use tracing_core_lite::TracerProvider;
use tracing_http::axum::ServerLayer;
use tracing_http::client::{ClientLayer, ClientService};

type HttpClient = ClientService<Client<HttpConnector, Full<Bytes>>>;

/// A call that the suite requests.
#[derive(Debug, Deserialize)]
struct Call {
    #[serde(deserialize_with = "uri")]
    url: Uri,
    /// The body to send: the calls that the service at `url` should make.
    #[serde(default = "no_calls")]
    arguments: Value,
}

/// Returns the router of the service.
pub fn router(provider: &TracerProvider) -> Router {
    let client: HttpClient = ServiceBuilder::new()
        .layer(ClientLayer::new().with_provider(provider))
        .service(Client::builder(TokioExecutor::new()).build_http());
    Router::new()
        .route("/test", post(test))
        .layer(ServerLayer::new().with_provider(provider))
        .with_state(client)
}

/// Takes the body as bytes, because the suite sends JSON without a content type.
async fn test(State(client): State<HttpClient>, body: Bytes) -> Result<String, (StatusCode, String)> {
    let calls: Vec<Call> = serde_json::from_slice(&body)
        .map_err(|error| (StatusCode::BAD_REQUEST, format!("not a list of calls: {error}\n")))?;
    let mut report = String::new();
    for call in calls {
        let url = call.url.clone();
        let answer = make(&client, call).await;
        report.push_str(&format!("{url}: {answer}\n"));
    }
    Ok(report)
}

/// Makes one call and describes its outcome.
async fn make(client: &HttpClient, call: Call) -> String {
    let request = Request::post(call.url)
        .header(CONTENT_TYPE, "application/json")
        .body(Full::from(call.arguments.to_string()));
    let request = match request {
        Ok(request) => request,
        Err(error) => return error.to_string(),
    };
    match client.clone().oneshot(request).await {
        Ok(response) => {
            let status = response.status();
            // Reading the whole body lets the client reuse the connection.
            match Body::new(response.into_body()).collect().await {
                Ok(_) => status.to_string(),
                Err(error) => error.to_string(),
            }
        }
        Err(error) => error.to_string(),
    }
}

fn uri<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Uri, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(serde::de::Error::custom)
}

fn no_calls() -> Value {
    Value::Array(Vec::new())
}
