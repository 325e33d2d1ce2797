//! The reasons why an order fails.

use std::sync::Arc;

use axum::http::StatusCode;
use tonic::{Code, Status};

use crate::shop::Problem;
use tracing_core_lite::span::ClassifiedError;

/// An order failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum OrderFailed {
    #[error("no {0} is sold here")]
    UnknownItem(String),
    /// Inventory refused, or did not answer.
    #[error("{}", reason(.0, "inventory"))]
    NotReserved(#[source] Status),
    /// Payment refused, or did not answer.
    #[error("{}", reason(.0, "payment"))]
    NotPaid(#[source] Status),
    #[error("cannot reach the database of the orders")]
    Database(#[from] Arc<sqlx::Error>),
}

impl ClassifiedError for OrderFailed {
    fn class(&self) -> &str {
        match self {
            Self::UnknownItem(_) => "unknown_item",
            Self::Database(_) => "database_unavailable",
            Self::NotReserved(status) => match status.code() {
                Code::FailedPrecondition => "out_of_stock",
                Code::NotFound => "unknown_item",
                code if is_late(code) => "inventory_late",
                _ => "inventory_unavailable",
            },
            Self::NotPaid(status) => match status.code() {
                Code::FailedPrecondition => "card_declined",
                code if is_late(code) => "payment_late",
                _ => "payment_unavailable",
            },
        }
    }
}

/// Returns what the customer is told about a refusal of `service`.
fn reason(status: &Status, service: &str) -> String {
    if is_late(status.code()) {
        format!("{service} did not answer in time")
    } else {
        status.message().to_owned()
    }
}

/// tonic reports CANCELLED when the client's own timer notices an expired deadline first.
fn is_late(code: Code) -> bool {
    matches!(code, Code::DeadlineExceeded | Code::Cancelled)
}

impl From<sqlx::Error> for OrderFailed {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(Arc::new(error))
    }
}

impl From<OrderFailed> for Problem {
    fn from(failed: OrderFailed) -> Self {
        let status = match failed.class() {
            "unknown_item" => StatusCode::UNPROCESSABLE_ENTITY,
            "out_of_stock" => StatusCode::CONFLICT,
            "card_declined" => StatusCode::PAYMENT_REQUIRED,
            "inventory_late" | "payment_late" => StatusCode::GATEWAY_TIMEOUT,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self::new(status, failed.class(), &failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_has_a_status_and_a_class() {
        let not_paid = |status| OrderFailed::NotPaid(status);
        let not_reserved = |status| OrderFailed::NotReserved(status);
        let cases = [
            (not_paid(Status::failed_precondition("no funds")), 402, "card_declined", "no funds"),
            (not_paid(Status::unavailable("away")), 503, "payment_unavailable", "away"),
            (not_paid(Status::deadline_exceeded("")), 504, "payment_late", "payment did not answer in time"),
            (
                not_paid(Status::cancelled("Timeout expired")),
                504,
                "payment_late",
                "payment did not answer in time",
            ),
            (not_reserved(Status::failed_precondition("too few")), 409, "out_of_stock", "too few"),
            (not_reserved(Status::not_found("no such cup")), 422, "unknown_item", "no such cup"),
            (not_reserved(Status::internal("oh")), 503, "inventory_unavailable", "oh"),
            (OrderFailed::UnknownItem("cup".into()), 422, "unknown_item", "no cup is sold here"),
            (
                OrderFailed::from(sqlx::Error::PoolTimedOut),
                503,
                "database_unavailable",
                "cannot reach the database of the orders",
            ),
        ];
        for (failed, status, class, reason) in cases {
            let problem = Problem::from(failed);
            let seen = (problem.status.as_u16(), problem.error.as_str(), problem.reason.as_str());
            assert_eq!(seen, (status, class, reason));
        }
    }
}
