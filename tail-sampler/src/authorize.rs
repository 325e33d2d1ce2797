//! The bearer token of the receivers.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, StatusCode};
use subtle::ConstantTimeEq;

use crate::metrics::Requests;
use crate::secret::{Secret, SecretError};

/// How long a token is used before its file is read again.
const FRESH: Duration = Duration::from_secs(1);

/// Compares the tokens of requests with a secret. Clones share what was read.
#[derive(Clone)]
pub(crate) struct Authorize {
    secret: Secret,
    read: Arc<Mutex<(String, Instant)>>,
    requests: Arc<Requests>,
}

impl std::fmt::Debug for Authorize {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authorize").field("secret", &self.secret).finish_non_exhaustive()
    }
}

impl Authorize {
    pub(crate) fn new(secret: Secret, requests: Arc<Requests>) -> Result<Self, SecretError> {
        let read = Arc::new(Mutex::new((secret.read()?, Instant::now())));
        Ok(Self { secret, read, requests })
    }

    fn accepts(&self, headers: &HeaderMap) -> bool {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if read.1.elapsed() >= FRESH {
            read.1 = Instant::now();
            match self.secret.read() {
                Ok(token) => read.0 = token,
                Err(error) => {
                    tracing::error!(%error, "the bearer token cannot be read again; the old one stays")
                }
            }
        }
        let given = headers.get(AUTHORIZATION).and_then(|value| {
            let (scheme, token) = value.as_bytes().split_at_checked("Bearer ".len())?;
            scheme.eq_ignore_ascii_case(b"Bearer ").then(|| token.trim_ascii())
        });
        given.is_some_and(|given| given.ct_eq(read.0.as_bytes()).into())
    }
}

/// Refuses requests without the token: 401 or, over gRPC, `UNAUTHENTICATED`.
pub(crate) async fn check(
    State(authorize): State<Authorize>,
    request: Request<Body>,
    next: Next,
) -> Response {
    if authorize.accepts(request.headers()) {
        return next.run(request).await;
    }
    authorize.requests.count_unauthorized();
    let media_type = request.headers().get(CONTENT_TYPE).map(http::HeaderValue::as_bytes);
    if media_type.is_some_and(|it| it.starts_with(b"application/grpc")) {
        return tonic::Status::unauthenticated("a bearer token is needed")
            .into_http::<Body>()
            .into_response();
    }
    (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Bearer")]).into_response()
}
