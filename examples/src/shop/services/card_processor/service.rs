//! The HTTP API of the card processor.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use tokio::time::sleep;
use tracing::warn;
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::{Tracer, TracerProvider};
use tracing_http::axum::ServerLayer;

use crate::shop::api::{Approval, Charge, card};
use crate::shop::classified::traced;
use crate::shop::{Problem, healthz};
use tracing_core_lite::span::ClassifiedError;

#[derive(Clone)]
struct CardProcessor {
    tracer: Tracer,
    /// The orders that were answered with 503 once.
    refused_once: Arc<Mutex<HashSet<u64>>>,
}

#[derive(Debug, thiserror::Error)]
#[error("card declined: insufficient funds")]
struct InsufficientFunds;

impl ClassifiedError for InsufficientFunds {
    fn class(&self) -> &str {
        "insufficient_funds"
    }
}

pub(in crate::shop) fn router(provider: &TracerProvider) -> Router {
    let tracer = provider.tracer("card_processor");
    Router::new()
        .route("/v1/charges", post(charge))
        .layer(ServerLayer::new().with_provider(provider))
        .route("/healthz", get(healthz))
        .with_state(CardProcessor { tracer, refused_once: Arc::default() })
}

async fn charge(
    State(processor): State<CardProcessor>,
    Json(charge): Json<Charge>,
) -> Result<Json<Approval>, Problem> {
    if charge.card == card::BUSY && processor.is_first_attempt(charge.order) {
        warn!(order = charge.order, "too busy for this charge");
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "too many charges, try again"));
    }
    assess_risk(&charge).in_span(processor.tracer.span("assess risk").start()).await;
    let authorized = traced(&processor.tracer, "authorize", authorize(&charge)).await;
    authorized.map(Json).map_err(|error| Problem::new(StatusCode::PAYMENT_REQUIRED, "card_declined", error))
}

impl CardProcessor {
    fn is_first_attempt(&self, order: u64) -> bool {
        self.refused_once.lock().unwrap_or_else(PoisonError::into_inner).insert(order)
    }
}

async fn assess_risk(charge: &Charge) {
    let millis = match charge.card.as_str() {
        card::SLOW => 400,
        card::STUCK => 10_000,
        _ => 18,
    };
    sleep(Duration::from_millis(millis)).await;
}

async fn authorize(charge: &Charge) -> Result<Approval, InsufficientFunds> {
    sleep(Duration::from_millis(9)).await;
    if charge.card == card::EMPTY {
        return Err(InsufficientFunds);
    }
    Ok(Approval { reference: format!("ch_{:06}", charge.order) })
}
