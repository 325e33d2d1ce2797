//! The HTTP API of auth.

use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::get;
use axum::{Json, Router};
use tokio::time::sleep;
use tracing_core_lite::{Tracer, TracerProvider};
use tracing_http::axum::ServerLayer;

use crate::shop::api::Session;
use crate::shop::classified::traced;
use crate::shop::{Problem, healthz};
use tracing_core_lite::span::ClassifiedError;

#[derive(Debug, thiserror::Error)]
#[error("nobody is logged in with this token")]
struct UnknownToken;

impl ClassifiedError for UnknownToken {
    fn class(&self) -> &str {
        "unknown_token"
    }
}

pub(in crate::shop) fn router(provider: &TracerProvider) -> Router {
    Router::new()
        .route("/session", get(session))
        .layer(ServerLayer::new().with_provider(provider))
        .route("/healthz", get(healthz))
        .with_state(provider.tracer("shop.auth"))
}

async fn session(State(tracer): State<Tracer>, headers: HeaderMap) -> Result<Json<Session>, Problem> {
    let customer = traced(&tracer, "verify token", verify(&headers)).await;
    let unauthorized = |error| Problem::new(StatusCode::UNAUTHORIZED, "not_logged_in", error);
    Ok(Json(Session { customer: customer.map_err(unauthorized)? }))
}

async fn verify(headers: &HeaderMap) -> Result<String, UnknownToken> {
    sleep(Duration::from_millis(4)).await;
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = value.and_then(|value| value.strip_prefix("Bearer ")).ok_or(UnknownToken)?;
    // A token is `token-of-` and the customer's name. This is for the demo only: such a token is no secret.
    token.strip_prefix("token-of-").map(str::to_owned).ok_or(UnknownToken)
}
