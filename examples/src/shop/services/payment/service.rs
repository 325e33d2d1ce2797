//! The gRPC API of payment.

use axum::Router;
use axum::http::StatusCode;
use tonic::{Request, Response, Status};
use tracing::{info, warn};
use tracing_core_lite::span::current_span;
use tracing_core_lite::{Tracer, TracerProvider};

use crate::shop::api::{Approval, Charge};
use crate::shop::classified::traced;
use crate::shop::connections::grpc_router;
use crate::shop::proto::payment_server::{Payment, PaymentServer};
use crate::shop::proto::{ChargeReply, ChargeRequest};
use crate::shop::{CallError, Peer};
use tracing_core_lite::span::ClassifiedError;

struct Cards {
    tracer: Tracer,
    processor: Peer,
}

#[derive(Debug, thiserror::Error)]
enum ChargeFailed {
    #[error("the card was declined")]
    Declined(#[source] CallError),
    #[error("the card could not be charged")]
    Unavailable(#[source] CallError),
}

impl ClassifiedError for ChargeFailed {
    fn class(&self) -> &str {
        match self {
            Self::Declined(_) => "card_declined",
            Self::Unavailable(_) => "card_processor_unavailable",
        }
    }
}

pub(in crate::shop) fn router(processor: Peer, provider: &TracerProvider) -> Router {
    let cards = Cards { tracer: provider.tracer("shop.payment"), processor };
    grpc_router(PaymentServer::new(cards), provider)
}

#[tonic::async_trait]
impl Payment for Cards {
    async fn charge(&self, request: Request<ChargeRequest>) -> Result<Response<ChargeReply>, Status> {
        let ChargeRequest { order, card, cents } = request.into_inner();
        let charge = Charge { order, card, cents };
        match traced(&self.tracer, "charge card", self.charge_card(&charge)).await {
            Ok(Approval { reference }) => {
                info!(order, reference, "card charged");
                Ok(Response::new(ChargeReply { reference }))
            }
            Err(ChargeFailed::Declined(cause)) => {
                warn!(order, %cause, "card declined");
                Err(Status::failed_precondition(reason(&cause)))
            }
            Err(failed @ ChargeFailed::Unavailable(_)) => {
                warn!(order, "card processor unavailable");
                Err(Status::unavailable(failed.to_string()))
            }
        }
    }
}

impl Cards {
    async fn charge_card(&self, charge: &Charge) -> Result<Approval, ChargeFailed> {
        current_span().set("shop.amount.cents", charge.cents as i64);
        self.processor.post("/v1/charges", charge).await.map_err(|error| match error.status() {
            Some(StatusCode::PAYMENT_REQUIRED) => ChargeFailed::Declined(error),
            _ => ChargeFailed::Unavailable(error),
        })
    }
}

/// Returns the part of the error that the customer may see.
fn reason(cause: &CallError) -> &str {
    match cause {
        CallError::Refused { problem, .. } => &problem.reason,
        CallError::Unreachable { .. } => "the card processor did not answer",
    }
}
