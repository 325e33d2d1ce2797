//! The card processor: a stand-in for an external API that is slow, sometimes declines and sometimes answers 503.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use tokio::time::sleep;
use tower::BoxError;
use tracing::warn;
use tracing_core_lite::Tracer;
use tracing_core_lite::context::FutureExt;
use tracing_http::server::ServerLayer;

use super::api::{Approval, Charge, card};
use super::work::{Classified, work};
use super::{Problem, Wiring, healthz};

#[derive(Clone)]
struct CardProcessor {
    tracer: Tracer,
    /// Orders that have been turned away once.
    turned_away: Arc<Mutex<HashSet<u64>>>,
}

#[derive(Debug, thiserror::Error)]
#[error("card declined: insufficient funds")]
struct InsufficientFunds;

impl Classified for InsufficientFunds {
    fn class(&self) -> &str {
        "insufficient_funds"
    }
}

pub(super) async fn start(wiring: Wiring) -> Result<Router, BoxError> {
    let tracer = wiring.provider.tracer("card_processor");
    Ok(Router::new()
        .route("/v1/charges", post(charge))
        .layer(ServerLayer::new().with_provider(&wiring.provider))
        .route("/healthz", get(healthz))
        .with_state(CardProcessor { tracer, turned_away: Arc::default() }))
}

async fn charge(
    State(processor): State<CardProcessor>,
    Json(charge): Json<Charge>,
) -> Result<Json<Approval>, Problem> {
    if charge.card == card::BUSY && processor.first_time(charge.order) {
        warn!(order = charge.order, "too busy for this charge");
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "too many charges, try again"));
    }
    assess_risk(&charge).in_span(processor.tracer.span("assess risk").start()).await;
    let authorized = work(&processor.tracer, "authorize", authorize(&charge)).await;
    authorized.map(Json).map_err(|error| Problem::new(StatusCode::PAYMENT_REQUIRED, "card_declined", error))
}

impl CardProcessor {
    fn first_time(&self, order: u64) -> bool {
        self.turned_away.lock().unwrap_or_else(PoisonError::into_inner).insert(order)
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
