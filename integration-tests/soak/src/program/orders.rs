//! Orders at the gateway. The span of each is ended durably.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderValue;
use examples::demo::OrderKind;
use examples::shop::api::Order;
use examples::shop::{CallError, Peer, Settings};
use tokio::sync::Semaphore;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::task::TaskTracker;
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::span::ClassifiedError;
use tracing_core_lite::{Context, Tracer};

use super::calls::{Calls, now};
use super::load::number;
use super::telemetry::{Reports, Telemetry};
use super::work_items::key_of;

/// How many orders are pending at most.
const MAX_PENDING: usize = 64;
/// How long a customer waits. A paused service answers no earlier than it is resumed.
const PATIENCE: Duration = Duration::from_secs(20);
/// The slow query takes a second of CPU time, so it is not among them.
const KINDS: [OrderKind; 6] = [
    OrderKind::Ordinary,
    OrderKind::Retried,
    OrderKind::Ordinary,
    OrderKind::Declined,
    OrderKind::Slow,
    OrderKind::OutOfStock,
];

/// A customer of the shop.
#[derive(Debug, Clone)]
struct Customer {
    tracer: Tracer,
    gateway: Peer,
    calls: Arc<Calls>,
    reports: Option<Reports>,
}

/// Places `ORDERS_PER_SECOND` until the future is dropped.
pub(super) fn place_all(
    settings: &Settings,
    telemetry: &Telemetry,
    pending: &TaskTracker,
) -> Result<impl Future<Output = ()>, Box<dyn Error>> {
    let url = settings.get("GATEWAY_URL").ok_or("GATEWAY_URL is not set")?.to_owned();
    let token = HeaderValue::from_static("Bearer token-of-ada");
    let customer = Customer {
        tracer: telemetry.provider().tracer("soak.customer"),
        gateway: Peer::new("gateway", url, telemetry.provider()).with_authorization(Some(token)),
        calls: Arc::new(Calls::create(settings.get("SOAK_CALLS").ok_or("SOAK_CALLS is not set")?)?),
        reports: telemetry.reports().cloned(),
    };
    let rate: f64 = number(settings, "ORDERS_PER_SECOND", 4.0);
    let (pending, permits) = (pending.clone(), Arc::new(Semaphore::new(MAX_PENDING)));
    Ok(async move {
        let mut tick = interval(Duration::from_secs_f64(1.0 / rate));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for kind in KINDS.into_iter().cycle() {
            tick.tick().await;
            let (customer, permit) = (customer.clone(), Arc::clone(&permits).acquire_owned().await);
            pending.spawn(async move {
                customer.place(kind).await;
                drop(permit);
            });
        }
    })
}

impl Customer {
    async fn place(&self, kind: OrderKind) {
        let began = now();
        let span = self.tracer.span("place order").with_parent(&Context::new()).start();
        let key = key_of(&span);
        let context = span.in_context(&Context::new());
        let order = async { self.gateway.post::<Order>("/orders", &kind.basket()).await }.in_context(context);
        let outcome = match tokio::time::timeout(PATIENCE, order).await {
            Ok(Ok(_)) => "ok".to_owned(),
            Ok(Err(error)) => {
                span.record_error_as(error.class(), &error);
                outcome_of(&error)
            }
            Err(_) => "timeout".to_owned(),
        };
        self.calls.record(began, kind.name(), &outcome);
        match (span.end_durably().await, &self.reports) {
            (Ok(()), Some(reports)) => reports.ledger.record("durable", &[key]),
            (Ok(()), None) => {}
            (Err(error), _) => tracing::warn!(%error, "end_durably acknowledged nothing"),
        }
    }
}

/// Returns the kind of a failure, without its details.
fn outcome_of(error: &CallError) -> String {
    match error.status() {
        Some(status) => format!("{} {}", status.as_u16(), error.class()),
        None => error.class().to_owned(),
    }
}
