//! The endpoints: Jaeger's remote sampling, the states, and the ages of versions.

use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::Deserialize;
use tracing_sampling::config::jaeger::Strategy;

use super::Services;

const JSON: (http::HeaderName, &str) = (CONTENT_TYPE, "application/json");

pub(crate) fn router(services: Services) -> Router {
    Router::new()
        .route("/sampling", get(sampling))
        // The path of Jaeger's collector.
        .route("/api/sampling", get(sampling))
        .route("/sampling/states", get(states))
        .route("/version-age", get(version_age))
        .with_state(services)
}

#[derive(Deserialize)]
struct OfService {
    service: String,
}

async fn sampling(State(services): State<Services>, Query(of): Query<OfService>) -> impl IntoResponse {
    ([JSON], Strategy::Probabilistic(services.rate(&of.service)).to_response())
}

/// Which condition sets the rate of each service, since when, and what its inputs say.
async fn states(State(services): State<Services>) -> Response {
    let states: std::collections::BTreeMap<_, _> = services.states().into_iter().collect();
    match serde_json::to_string(&states) {
        Ok(json) => ([JSON], json).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

#[derive(Deserialize)]
struct OfVersion {
    service: String,
    version: String,
}

/// The seconds since a version was first seen, for services that adapt their rate themselves.
async fn version_age(State(services): State<Services>, Query(of): Query<OfVersion>) -> Response {
    // Reads a file.
    let age = tokio::task::spawn_blocking(move || services.version_age(&of.service, &of.version)).await;
    match age {
        Ok(Some(Ok(age))) => ([JSON], format!("{{\"seconds\":{}}}", age.as_secs())).into_response(),
        Ok(Some(Err(error))) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        _ => (StatusCode::NOT_FOUND, "adaptive.first_seen_file is not set").into_response(),
    }
}
