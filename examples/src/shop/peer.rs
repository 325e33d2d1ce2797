//! Calls to another service of the shop: JSON over HTTP, each attempt a client span.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tower::retry::{Policy, RetryLayer};
use tower::util::BoxCloneSyncService;
use tower::{BoxError, ServiceBuilder, ServiceExt};
use tracing_core_lite::TracerProvider;
use tracing_core_lite::span::current_span;
use tracing_http::client::{ClientLayer, ResendLayer, UrlTemplate};

use super::{Classified, Problem};

/// The longest answer that is read, in bytes.
const MAX_ANSWER: usize = 1 << 20;
/// How often a busy peer is asked again.
const RETRIES: u32 = 2;
/// The pause before the first of these; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(30);

type HttpRequest = Request<Full<Bytes>>;
type HttpService = BoxCloneSyncService<HttpRequest, Response<Body>, BoxError>;

/// Another service, where it is and how to call it.
#[derive(Debug, Clone)]
pub struct Peer {
    name: &'static str,
    url: String,
    authorization: Option<HeaderValue>,
    http: HttpService,
}

/// A call that brought no answer to work with.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The peer says no.
    #[error("{peer} answered {}: {}", problem.status.as_u16(), problem.reason)]
    Refused {
        /// Who was called.
        peer: &'static str,
        /// What it said.
        problem: Problem,
    },
    /// Nothing came back, or nothing that could be read.
    #[error("{peer} did not answer")]
    Unreachable {
        /// Who was called.
        peer: &'static str,
        /// Why.
        source: BoxError,
    },
}

impl CallError {
    /// The status that the peer answered with.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Refused { problem, .. } => Some(problem.status),
            Self::Unreachable { .. } => None,
        }
    }
}

impl Classified for CallError {
    fn class(&self) -> &str {
        match self {
            Self::Refused { problem, .. } => &problem.error,
            Self::Unreachable { .. } => "unreachable",
        }
    }
}

impl Peer {
    /// The service `name` at the base URL `url`.
    pub fn new(name: &'static str, url: String, provider: &TracerProvider) -> Self {
        let http = ServiceBuilder::new()
            .layer(client_layer(name, &url, provider))
            .service(Client::builder(TokioExecutor::new()).build_http());
        Self { name, url, authorization: None, http: erased(http) }
    }

    /// As [`new`](Peer::new); asked again, twice at most, when it answers 503.
    pub fn retried(name: &'static str, url: String, provider: &TracerProvider) -> Self {
        let http = ServiceBuilder::new()
            // The client layer is below the retries, so that each attempt is a span; this one counts them.
            .layer(ResendLayer)
            .layer(RetryLayer::new(WhenBusy { peer: name, attempt: 0 }))
            .layer(client_layer(name, &url, provider))
            .service(Client::builder(TokioExecutor::new()).build_http());
        Self { name, url, authorization: None, http: erased(http) }
    }

    /// The same peer, called with this `Authorization`.
    pub fn authorized_by(&self, authorization: Option<HeaderValue>) -> Self {
        Self { authorization, ..self.clone() }
    }

    /// Gets `path`.
    ///
    /// # Errors
    /// Whatever is not a success.
    pub async fn get<T: DeserializeOwned>(&self, path: &'static str) -> Result<T, CallError> {
        self.call(self.request(Method::GET, path, Bytes::new())?).await
    }

    /// Posts `body` to `path`.
    ///
    /// # Errors
    /// Whatever is not a success.
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &'static str,
        body: &impl Serialize,
    ) -> Result<T, CallError> {
        let json = serde_json::to_vec(body).map_err(|error| self.unreachable(error))?;
        let mut request = self.request(Method::POST, path, json.into())?;
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.call(request).await
    }

    fn request(&self, method: Method, path: &'static str, body: Bytes) -> Result<HttpRequest, CallError> {
        let uri: Uri = format!("{}{path}", self.url).parse().map_err(|error| self.unreachable(error))?;
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        if let Some(value) = &self.authorization {
            request.headers_mut().insert(AUTHORIZATION, value.clone());
        }
        // The paths here are constants, so each may name its span.
        request.extensions_mut().insert(UrlTemplate::from(path));
        Ok(request)
    }

    async fn call<T: DeserializeOwned>(&self, request: HttpRequest) -> Result<T, CallError> {
        let response = self.http.clone().oneshot(request).await.map_err(|error| self.unreachable(error))?;
        let status = response.status();
        let body = Limited::new(response.into_body(), MAX_ANSWER).collect().await;
        let bytes = body.map_err(|error| self.unreachable(error))?.to_bytes();
        if status.is_success() {
            return serde_json::from_slice(&bytes).map_err(|error| self.unreachable(error));
        }
        let said: Result<Problem, _> = serde_json::from_slice(&bytes);
        let problem = said.unwrap_or_else(|_| Problem::new(status, "unknown", "no reason given"));
        Err(CallError::Refused { peer: self.name, problem: Problem { status, ..problem } })
    }

    fn unreachable(&self, source: impl Into<BoxError>) -> CallError {
        CallError::Unreachable { peer: self.name, source: source.into() }
    }
}

/// The client's span tells which service it called, not only which address.
fn client_layer(name: &'static str, url: &str, provider: &TracerProvider) -> ClientLayer {
    let authority = url.strip_prefix("http://").unwrap_or(url);
    ClientLayer::new().with_provider(provider).peer_service(authority, name)
}

fn erased<S, B>(http: S) -> HttpService
where
    S: tower::Service<HttpRequest, Response = Response<B>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: axum::body::HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    BoxCloneSyncService::new(http.map_response(|response| response.map(Body::new)).map_err(Into::into))
}

/// Tries again after a 503.
#[derive(Debug, Clone)]
struct WhenBusy {
    peer: &'static str,
    attempt: u32,
}

#[derive(Debug, thiserror::Error)]
#[error("{0} is busy")]
struct Busy(&'static str);

impl<B, E> Policy<HttpRequest, Response<B>, E> for WhenBusy {
    type Future = tokio::time::Sleep;

    fn retry(
        &mut self,
        _request: &mut HttpRequest,
        result: &mut Result<Response<B>, E>,
    ) -> Option<Self::Future> {
        let busy = result.as_ref().is_ok_and(|response| response.status() == StatusCode::SERVICE_UNAVAILABLE);
        if !busy || self.attempt == RETRIES {
            return None;
        }
        // The caller's span has not failed: it shows the error as one that was dealt with.
        current_span().record_handled_error(&Busy(self.peer));
        self.attempt += 1;
        Some(tokio::time::sleep(FIRST_PAUSE * 2_u32.pow(self.attempt - 1)))
    }

    fn clone_request(&mut self, request: &HttpRequest) -> Option<HttpRequest> {
        Some(request.clone())
    }
}
