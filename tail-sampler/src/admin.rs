//! Health and metrics.

use std::sync::atomic::Ordering;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use http::StatusCode;
use http::header::CONTENT_TYPE;

use crate::intake::Intake;
use crate::metrics;

pub(crate) fn router(intake: Intake) -> Router {
    Router::new()
        .route("/health/live", get(|| async { "live" }))
        .route("/health/ready", get(ready))
        .route("/metrics", get(show))
        .with_state(intake)
}

/// Not ready means that the program is shutting down and accepts no new spans.
async fn ready(State(intake): State<Intake>) -> (StatusCode, &'static str) {
    match intake.is_closing.load(Ordering::Acquire) {
        true => (StatusCode::SERVICE_UNAVAILABLE, "shutting down"),
        false => (StatusCode::OK, "ready"),
    }
}

async fn show(State(intake): State<Intake>) -> impl axum::response::IntoResponse {
    let text = metrics::render(&intake.tail.stats(), &intake.requests);
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], text)
}
