//! Auth: tells who a token belongs to.

use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::get;
use axum::{Json, Router};
use tokio::time::sleep;
use tower::BoxError;
use tracing_core_lite::Tracer;
use tracing_http::server::ServerLayer;

use super::api::Session;
use super::work::{Classified, work};
use super::{Problem, Wiring, healthz};

#[derive(Debug, thiserror::Error)]
#[error("nobody is logged in with this token")]
struct UnknownToken;

impl Classified for UnknownToken {
    fn class(&self) -> &str {
        "unknown_token"
    }
}

pub(super) async fn start(wiring: Wiring) -> Result<Router, BoxError> {
    Ok(Router::new()
        .route("/session", get(session))
        .layer(ServerLayer::new().with_provider(&wiring.provider))
        .route("/healthz", get(healthz))
        .with_state(wiring.provider.tracer("shop.auth")))
}

async fn session(State(tracer): State<Tracer>, headers: HeaderMap) -> Result<Json<Session>, Problem> {
    let customer = work(&tracer, "verify token", verify(&headers)).await;
    let unauthorized = |error| Problem::new(StatusCode::UNAUTHORIZED, "not_logged_in", error);
    Ok(Json(Session { customer: customer.map_err(unauthorized)? }))
}

async fn verify(headers: &HeaderMap) -> Result<String, UnknownToken> {
    sleep(Duration::from_millis(4)).await;
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = value.and_then(|value| value.strip_prefix("Bearer ")).ok_or(UnknownToken)?;
    // A customer's token is `token-of-` and the name. Do not do this at home.
    token.strip_prefix("token-of-").map(str::to_owned).ok_or(UnknownToken)
}
