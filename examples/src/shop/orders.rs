//! Orders: reserves the goods, has them paid, and sends a receipt once the customer has the answer.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use tokio::time::sleep;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};
use tracing_core_lite::context::Detached;
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::span::current_span;
use tracing_core_lite::{Tracer, TracerProvider};
use tracing_http::server::ServerLayer;

use super::api::{Approval, Basket, Charge, NewOrder, Order};
use super::{CallError, Peer, Problem, healthz};

/// What one piece of anything costs.
const PRICE_CENTS: u64 = 1_250;

#[derive(Clone)]
struct Orders {
    tracer: Tracer,
    payment: Peer,
    last_id: Arc<AtomicU64>,
    background: TaskTracker,
}

/// An order that came to nothing.
#[derive(Debug, thiserror::Error)]
#[error("order {order} failed")]
struct OrderFailed {
    order: u64,
    source: CallError,
}

/// The service. Tasks that outlive their request run in `background`.
pub fn router(provider: &TracerProvider, payment: Peer, background: TaskTracker) -> Router {
    let tracer = provider.tracer("shop.orders");
    Router::new()
        .route("/orders", post(place))
        .layer(ServerLayer::new().with_provider(provider))
        .route("/healthz", get(healthz))
        .with_state(Orders { tracer, payment, last_id: Arc::default(), background })
}

async fn place(
    State(orders): State<Orders>,
    Json(order): Json<NewOrder>,
) -> Result<(StatusCode, Json<Order>), Problem> {
    let id = orders.last_id.fetch_add(1, Ordering::Relaxed) + 1;
    current_span().set("shop.order.id", id as i64);
    let (Ok(()), Ok(())) = tokio::join!(
        reserve_stock(&order.basket).try_in_span(orders.tracer.span("reserve stock").start()),
        estimate_delivery().try_in_span(orders.tracer.span("estimate delivery").start()),
    );

    let cents = u64::from(order.basket.quantity) * PRICE_CENTS;
    let charge = Charge { order: id, card: order.basket.card, cents };
    let span = orders.tracer.span("take payment").start();
    let paid = take_payment(&orders.payment, &charge).try_in_span(span).await;
    if let Err(OrderFailed { order, source }) = paid {
        warn!(order, reason = %source, "order failed");
        return Err(source.into());
    }
    info!(order = id, cents, "order placed");

    // Nobody waits for it, so it is not a child of the request: it gets a trace of its own that FollowsFrom this one.
    let receipt = send_receipt(id, order.customer);
    orders.background.spawn(Detached::new(&orders.tracer, "send receipt", receipt));
    Ok((StatusCode::CREATED, Json(Order { id, paid_cents: cents })))
}

async fn reserve_stock(basket: &Basket) -> Result<(), Infallible> {
    current_span().set("shop.item", basket.item.as_str());
    current_span().set("shop.quantity", i64::from(basket.quantity));
    sleep(Duration::from_millis(12)).await;
    Ok(())
}

async fn estimate_delivery() -> Result<(), Infallible> {
    sleep(Duration::from_millis(5)).await;
    current_span().set("shop.delivery.days", 2);
    Ok(())
}

async fn take_payment(payment: &Peer, charge: &Charge) -> Result<Approval, OrderFailed> {
    let order = charge.order;
    payment.post("/payments", charge).await.map_err(|source| OrderFailed { order, source })
}

async fn send_receipt(order: u64, customer: String) {
    sleep(Duration::from_millis(25)).await;
    info!(order, customer, "receipt sent");
}
