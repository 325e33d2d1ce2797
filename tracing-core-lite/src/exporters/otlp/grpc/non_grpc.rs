//! Responses that are not gRPC, for example those of a proxy.
//!
//! tonic would parse the body of such a response as gRPC messages, and report a misleading error. The status is derived from
//! the HTTP status instead (gRPC, "HTTP to gRPC Status Code Mapping").

use std::pin::Pin;
use std::task::{Context, Poll};

use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header};
use tonic::Code;
use tonic::body::Body;
use tower_service::Service;

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");

/// Replaces responses that are not gRPC by a gRPC status.
#[derive(Clone)]
pub(super) struct NonGrpcToStatus<S>(pub(super) S);

impl<S> Service<Request<Body>> for NonGrpcToStatus<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let response = self.0.call(request);
        Box::pin(async move {
            let response = response.await?;
            Ok(if is_grpc(&response) { response } else { to_status(&response) })
        })
    }
}

fn is_grpc(response: &Response<Body>) -> bool {
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let is_grpc_type = content_type.is_some_and(|it| it.as_bytes().starts_with(b"application/grpc"));
    response.headers().contains_key(GRPC_STATUS) || (is_grpc_type && response.status() == StatusCode::OK)
}

/// Returns a response with a status and without messages ("Trailers-Only"). It keeps `retry-after`.
fn to_status(response: &Response<Body>) -> Response<Body> {
    let http = response.status();
    let mut status = Response::new(Body::empty());
    let headers = status.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(GRPC_STATUS, HeaderValue::from(code(http) as i32));
    let message = format!("the answer is not gRPC, its HTTP status is {}", http.as_u16());
    if let Ok(message) = HeaderValue::try_from(message.replace(' ', "%20")) {
        headers.insert(GRPC_MESSAGE, message);
    }
    if let Some(after) = response.headers().get(header::RETRY_AFTER) {
        headers.insert(header::RETRY_AFTER, after.clone());
    }
    status
}

fn code(http: StatusCode) -> Code {
    match http.as_u16() {
        400 => Code::Internal,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::Unimplemented,
        429 | 502 | 503 | 504 => Code::Unavailable,
        _ => Code::Unknown,
    }
}
