//! The customer: where the trace of an order begins.

use std::time::{Duration, Instant};

use axum::http::{HeaderValue, StatusCode};
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::opentelemetry::trace::TraceId;
use tracing_core_lite::{Context, Tracer, TracerProvider};

use super::OrderKind;
use crate::shop::api::Order;
use crate::shop::{CallError, Classified, Peer};

/// Somebody who places orders.
#[derive(Debug, Clone)]
pub struct Customer {
    tracer: Tracer,
    gateway: Peer,
}

/// An order that was placed, and what came of it.
#[derive(Debug)]
pub struct Placed {
    /// What kind of order it is.
    pub kind: OrderKind,
    /// Its trace.
    pub trace_id: TraceId,
    /// The order, or what the customer was told instead.
    pub outcome: Result<Order, CallError>,
    /// How long the customer waited.
    pub waited: Duration,
}

impl Placed {
    /// What the gateway answered; `None` without an answer.
    pub fn status(&self) -> Option<StatusCode> {
        match &self.outcome {
            Ok(_) => Some(StatusCode::CREATED),
            Err(error) => error.status(),
        }
    }
}

impl Customer {
    /// A customer of the gateway at `gateway_url`.
    pub fn new(provider: &TracerProvider, gateway_url: String) -> Self {
        let token = HeaderValue::from_static("Bearer token-of-ada");
        let gateway = Peer::new("gateway", gateway_url, provider).authorized_by(Some(token));
        Self { tracer: provider.tracer("customer"), gateway }
    }

    /// Places an order and waits for the answer.
    pub async fn place(self, kind: OrderKind) -> Placed {
        let began = Instant::now();
        let span = self.tracer.span("place order").with_parent(&Context::new()).start_with(|span| {
            span.set("shop.order.kind", kind.name());
        });
        let trace_id = span.span_context().trace_id();
        let context = span.in_context(&Context::new());
        let outcome = async { self.gateway.post("/orders", &kind.basket()).await }.in_context(context).await;
        if let Err(error) = &outcome {
            span.record_error_as(error.class(), error);
        }
        Placed { kind, trace_id, outcome, waited: began.elapsed() }
    }
}
