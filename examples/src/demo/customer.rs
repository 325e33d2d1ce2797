//! The customer, with whom the trace of an order begins.

use std::time::{Duration, Instant};

use axum::http::{HeaderValue, StatusCode};
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::opentelemetry::trace::TraceId;
use tracing_core_lite::{Context, Tracer, TracerProvider};

use super::OrderKind;
use crate::shop::api::Order;
use crate::shop::{CallError, Peer};
use tracing_core_lite::span::ClassifiedError;

/// A customer who places orders.
#[derive(Debug, Clone)]
pub struct Customer {
    tracer: Tracer,
    gateway: Peer,
}

/// An order that was placed, and its outcome.
#[derive(Debug)]
pub struct Placed {
    /// What kind of order it is.
    pub kind: OrderKind,
    /// Its trace.
    pub trace_id: TraceId,
    /// The accepted order, or the reason why there is none.
    pub outcome: Result<Order, CallError>,
    /// How long the customer waited.
    pub waited: Duration,
}

impl Placed {
    /// Returns the status of the gateway's answer, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        match &self.outcome {
            Ok(_) => Some(StatusCode::CREATED),
            Err(error) => error.status(),
        }
    }
}

impl Customer {
    /// Creates a customer of the gateway at `gateway_url`.
    pub fn new(provider: &TracerProvider, gateway_url: String) -> Self {
        let token = HeaderValue::from_static("Bearer token-of-ada");
        let gateway = Peer::new("gateway", gateway_url, provider).with_authorization(Some(token));
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
