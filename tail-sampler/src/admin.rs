//! Health and metrics.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use http::StatusCode;
use http::header::CONTENT_TYPE;

use crate::control::Control;
use crate::metrics::{self, Requests};

/// What health and metrics show.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) control: Control,
    pub(crate) requests: Arc<Requests>,
    pub(crate) is_closing: Arc<AtomicBool>,
}

pub(crate) fn router(shown: Shown) -> Router {
    Router::new()
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .route("/metrics", get(show))
        .with_state(shown)
}

/// Not live means that only a restart helps.
async fn live(State(shown): State<Shown>) -> (StatusCode, &'static str) {
    match shown.control.is_alive() {
        true => (StatusCode::OK, "live"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "the consumer has stopped"),
    }
}

/// Not ready means that the program is shutting down and accepts no new spans, or that it has not joined its consumer group.
async fn ready(State(shown): State<Shown>) -> (StatusCode, &'static str) {
    match (shown.is_closing.load(Ordering::Acquire), shown.control.is_ready()) {
        (true, _) => (StatusCode::SERVICE_UNAVAILABLE, "shutting down"),
        (_, false) => (StatusCode::SERVICE_UNAVAILABLE, "not a member of the consumer group"),
        (false, true) => (StatusCode::OK, "ready"),
    }
}

async fn show(State(shown): State<Shown>) -> impl axum::response::IntoResponse {
    let text = metrics::render(&shown.control, &shown.requests);
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], text)
}
