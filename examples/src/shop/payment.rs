//! Payment: charges cards at the card processor, and tries again when that is busy.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use tracing::{info, warn};
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::span::current_span;
use tracing_core_lite::{Tracer, TracerProvider};
use tracing_http::server::ServerLayer;

use super::api::{Approval, Charge};
use super::{CallError, Peer, Problem, healthz};

#[derive(Clone)]
struct Payment {
    tracer: Tracer,
    card_processor: Peer,
}

#[derive(Debug, thiserror::Error)]
enum ChargeFailed {
    #[error("the card was declined")]
    Declined(#[source] CallError),
    #[error("the card could not be charged")]
    Unavailable(#[source] CallError),
}

/// The service.
pub fn router(provider: &TracerProvider, card_processor: Peer) -> Router {
    let tracer = provider.tracer("shop.payment");
    Router::new()
        .route("/payments", post(pay))
        .layer(ServerLayer::new().with_provider(provider))
        .route("/healthz", get(healthz))
        .with_state(Payment { tracer, card_processor })
}

async fn pay(State(payment): State<Payment>, Json(charge): Json<Charge>) -> Result<Json<Approval>, Problem> {
    let span = payment.tracer.span("charge card").start();
    match charge_card(&payment.card_processor, &charge).try_in_span(span).await {
        Ok(approval) => {
            info!(order = charge.order, reference = approval.reference, "card charged");
            Ok(Json(approval))
        }
        Err(ChargeFailed::Declined(cause)) => {
            warn!(order = charge.order, %cause, "card declined");
            Err(cause.into())
        }
        Err(failed @ ChargeFailed::Unavailable(_)) => {
            warn!(order = charge.order, "card processor unavailable");
            Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "card_processor_unavailable", failed))
        }
    }
}

async fn charge_card(card_processor: &Peer, charge: &Charge) -> Result<Approval, ChargeFailed> {
    current_span().set("shop.amount.cents", charge.cents as i64);
    card_processor.post("/v1/charges", charge).await.map_err(|error| match error.status() {
        Some(StatusCode::PAYMENT_REQUIRED) => ChargeFailed::Declined(error),
        _ => ChargeFailed::Unavailable(error),
    })
}
