//! Calls to another service of the shop as JSON over HTTP. Each attempt is a client span.

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
use tracing_core_lite::propagation::boundary::{OutboundBoundary, OutboundPolicy};
use tracing_core_lite::span::current_span;
use tracing_http::client::{ClientLayer, ResendLayer, UrlTemplate};

use crate::shop::Problem;
use tracing_core_lite::span::ClassifiedError;

/// The longest response body that is read, in bytes.
const MAX_BODY: usize = 1 << 20;
/// How many times a call to a busy peer is repeated.
const RETRIES: u32 = 2;
/// The pause before the first repetition. It doubles each time.
const FIRST_PAUSE: Duration = Duration::from_millis(30);

type HttpRequest = Request<Full<Bytes>>;
type HttpService = BoxCloneSyncService<HttpRequest, Response<Body>, BoxError>;

/// Another service, and how to call it.
#[derive(Debug, Clone)]
pub struct Peer {
    name: &'static str,
    url: String,
    authorization: Option<HeaderValue>,
    http: HttpService,
}

/// A call that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The peer answered with an error.
    #[error("{peer} answered {}: {}", problem.status.as_u16(), problem.reason)]
    Refused {
        /// The peer.
        peer: &'static str,
        /// Its answer.
        problem: Problem,
    },
    /// The peer did not answer, or its answer was unreadable.
    #[error("{peer} did not answer")]
    Unreachable {
        /// The peer.
        peer: &'static str,
        /// The cause.
        source: BoxError,
    },
}

impl CallError {
    /// Returns the status of the peer's answer, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Refused { problem, .. } => Some(problem.status),
            Self::Unreachable { .. } => None,
        }
    }
}

impl ClassifiedError for CallError {
    fn class(&self) -> &str {
        match self {
            Self::Refused { problem, .. } => &problem.error,
            Self::Unreachable { .. } => "unreachable",
        }
    }
}

/// A peer's refusal is forwarded unchanged. A peer that cannot be reached becomes a 502 without details.
impl From<CallError> for Problem {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Refused { problem, .. } => problem,
            unreachable => Self::new(StatusCode::BAD_GATEWAY, "unavailable", unreachable),
        }
    }
}

impl Peer {
    /// Creates a client of the service `name` at the base URL `url`.
    pub fn new(name: &'static str, url: String, provider: &TracerProvider) -> Self {
        let http = ServiceBuilder::new()
            .layer(client_layer(name, &url, provider))
            .service(Client::builder(TokioExecutor::new()).build_http());
        Self { name, url, authorization: None, http: erased(http) }
    }

    /// Creates a client of another company. It repeats a call up to twice after a 503.
    ///
    /// Each call carries a pseudonym in place of its span's ids, and no baggage. To find the call that the company asks about,
    /// search for the pseudonym, which the span has as an attribute.
    pub fn outside(name: &'static str, url: String, provider: &TracerProvider) -> Self {
        let boundary = OutboundBoundary::new(OutboundPolicy::Nothing).with_partner(
            authority_of(&url),
            name,
            OutboundPolicy::Pseudonym,
        );
        let http = ServiceBuilder::new()
            // The client layer is below the retries, so that each attempt is a span. This layer counts the attempts.
            .layer(ResendLayer::new())
            .layer(RetryLayer::new(WhenBusy { peer: name, attempt: 0 }))
            .layer(client_layer(name, &url, provider).with_outbound_boundary(boundary))
            .service(Client::builder(TokioExecutor::new()).build_http());
        Self { name, url, authorization: None, http: erased(http) }
    }

    /// Returns a client that sends this `Authorization` header.
    pub fn with_authorization(&self, authorization: Option<HeaderValue>) -> Self {
        Self { authorization, ..self.clone() }
    }

    /// Sends `GET path` and returns the decoded body.
    ///
    /// # Errors
    /// Returns an error if the status is not 2xx or the body cannot be read.
    pub async fn get<T: DeserializeOwned>(&self, path: &'static str) -> Result<T, CallError> {
        self.call(self.request(Method::GET, path, Bytes::new())?).await
    }

    /// Sends `POST path` with `body` and returns the decoded body of the response.
    ///
    /// # Errors
    /// Returns an error if the status is not 2xx or the body cannot be read.
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
        // The paths are constants, so they can be part of a span's name.
        request.extensions_mut().insert(UrlTemplate::from(path));
        Ok(request)
    }

    async fn call<T: DeserializeOwned>(&self, request: HttpRequest) -> Result<T, CallError> {
        let response = self.http.clone().oneshot(request).await.map_err(|error| self.unreachable(error))?;
        let status = response.status();
        let body = Limited::new(response.into_body(), MAX_BODY).collect().await;
        let bytes = body.map_err(|error| self.unreachable(error))?.to_bytes();
        if status.is_success() {
            return serde_json::from_slice(&bytes).map_err(|error| self.unreachable(error));
        }
        let problem: Result<Problem, _> = serde_json::from_slice(&bytes);
        let problem = problem.unwrap_or_else(|_| Problem::new(status, "unknown", "no reason given"));
        Err(CallError::Refused { peer: self.name, problem: Problem { status, ..problem } })
    }

    fn unreachable(&self, source: impl Into<BoxError>) -> CallError {
        CallError::Unreachable { peer: self.name, source: source.into() }
    }
}

/// Returns a layer whose spans name the service that is called, not only its address.
fn client_layer(name: &'static str, url: &str, provider: &TracerProvider) -> ClientLayer {
    ClientLayer::new().with_provider(provider).with_peer_service(authority_of(url), name)
}

fn authority_of(url: &str) -> &str {
    url.strip_prefix("http://").unwrap_or(url).trim_end_matches('/')
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

/// Repeats a call after a 503.
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
        // The caller's span does not fail: it records the error as handled.
        current_span().record_handled_error(&Busy(self.peer));
        self.attempt += 1;
        Some(tokio::time::sleep(FIRST_PAUSE * 2_u32.pow(self.attempt - 1)))
    }

    fn clone_request(&mut self, request: &HttpRequest) -> Option<HttpRequest> {
        Some(request.clone())
    }
}
