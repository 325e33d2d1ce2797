//! HTTP with axum and hyper-util's client.

use std::net::SocketAddr;

use axum::Router;
use axum::routing::post;
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tower::{BoxError, Layer, ServiceExt};
use tracing_http::axum::ServerLayer;
use tracing_http::client::ClientLayer;

use super::Relay;
use crate::message::{Hop, Transport};

pub(super) async fn serve(relay: &Relay) -> std::io::Result<u16> {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    let port = listener.local_addr()?.port();
    let layer = ServerLayer::new().with_provider(relay.spans().provider());
    let relay = relay.clone();
    let handler = async move |headers: HeaderMap, body: String| {
        let values = |name: &str| {
            let values = headers.get_all(name).iter();
            values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
        };
        let outcome = relay.received(Transport::Http, values, body).await;
        outcome.map_or_else(
            |error| (StatusCode::BAD_GATEWAY, error.to_string()),
            |()| (StatusCode::OK, "relayed".into()),
        )
    };
    let app = Router::new().route("/relay", post(handler)).layer(layer);
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(axum::serve(listener, app).into_future());
    Ok(port)
}

pub(super) async fn send(relay: &Relay, hop: &Hop, body: String) -> Result<(), BoxError> {
    let layer = ClientLayer::new().with_provider(relay.spans().provider());
    let client = layer.layer(Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>());
    let request = Request::post(&hop.to).header(header::USER_AGENT, "relay").body(Full::from(body))?;
    let answer = client.oneshot(request).await?;
    let status = answer.status();
    let text = answer.into_body().collect().await?.to_bytes();
    if status.is_success() { Ok(()) } else { Err(format!("{status}: {text:?}").into()) }
}
