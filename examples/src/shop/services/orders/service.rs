//! The HTTP API of orders: takes an order from its price to the event of its acceptance.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use tokio::time::sleep;
use tonic::Request;
use tower::BoxError;
use tracing::{info, warn};
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::span::current_span;
use tracing_core_lite::{Tracer, TracerProvider};
use tracing_http::axum::ServerLayer;
use tracing_kafka::TracedFutureProducer;

use super::events::Events;
use super::failure::OrderFailed;
use super::prices::Prices;
use super::store::Store;
use crate::shop::api::{Basket, NewOrder, Order};
use crate::shop::classified::traced;
use crate::shop::connections::{Database, GrpcChannel};
use crate::shop::events::OrderCreated;
use crate::shop::proto::inventory_client::InventoryClient;
use crate::shop::proto::payment_client::PaymentClient;
use crate::shop::proto::{ChargeRequest, Line, ReserveRequest};
use crate::shop::{Problem, healthz};
use tracing_core_lite::span::ClassifiedError;

/// How long payment may take. The request carries the deadline, so that payment stops when it has passed.
const PAYMENT_DEADLINE: Duration = Duration::from_secs(1);
/// How long inventory may take. The request carries the deadline as well.
const INVENTORY_DEADLINE: Duration = Duration::from_secs(5);

#[derive(Clone)]
struct Orders {
    tracer: Tracer,
    store: Store,
    prices: Prices,
    inventory: InventoryClient<GrpcChannel>,
    payment: PaymentClient<GrpcChannel>,
    events: Events,
}

/// The connections of the service.
pub(in crate::shop) struct Connections {
    /// Keeps orders and prices.
    pub(in crate::shop) database: Database,
    /// A Redis that caches prices. Without one, the process caches them.
    pub(in crate::shop) redis_url: Option<String>,
    pub(in crate::shop) inventory: GrpcChannel,
    pub(in crate::shop) payment: GrpcChannel,
    /// Publishes events. Without a producer, the service publishes none.
    pub(in crate::shop) events: Option<TracedFutureProducer>,
}

pub(in crate::shop) async fn router(
    connections: Connections,
    provider: &TracerProvider,
) -> Result<Router, BoxError> {
    let store = Store::open(connections.database).await?;
    let orders = Orders {
        tracer: provider.tracer("shop.orders"),
        prices: Prices::open(store.clone(), connections.redis_url.as_deref(), provider).await?,
        store,
        inventory: InventoryClient::new(connections.inventory),
        payment: PaymentClient::new(connections.payment),
        events: Events(connections.events),
    };
    Ok(Router::new()
        .route("/orders", post(place))
        .layer(ServerLayer::new().with_provider(provider))
        .route("/healthz", get(healthz))
        .with_state(orders))
}

async fn place(
    State(orders): State<Orders>,
    Json(order): Json<NewOrder>,
) -> Result<(StatusCode, Json<Order>), Problem> {
    // The number is random because several orders services may share a database.
    let id = fastrand::u64(1_000_000..1 << 40);
    current_span().set("shop.order.id", id as i64);
    let outcome = orders.fulfil(id, &order).await;
    let state = outcome.as_ref().map_or_else(|failed| failed.class(), |_| "paid");
    if let Err(error) = orders.store.finish(id, state).await {
        warn!(order = id, %error, state, "cannot store the state of the order");
    }
    let cents = outcome.inspect_err(|failed| warn!(order = id, reason = %failed, "order failed"))?;
    info!(order = id, cents, "order placed");

    let event = OrderCreated { order: id, customer: order.customer, phone: order.basket.phone, cents };
    if let Err(error) = orders.events.order_created(&event).await {
        warn!(order = id, %error, "cannot publish the event of the order");
    }
    Ok((StatusCode::CREATED, Json(Order { id, paid_cents: cents })))
}

impl Orders {
    /// Has the goods reserved and paid. Returns the amount paid, in cents.
    async fn fulfil(&self, id: u64, order: &NewOrder) -> Result<u64, OrderFailed> {
        let cents = self.total(&order.basket).await?;
        self.store.insert(id, &order.customer, cents).await?;
        let (reserved, ()) = tokio::join!(
            traced(&self.tracer, "reserve stock", self.reserve(id, &order.basket)),
            estimate_delivery().in_span(self.tracer.span("estimate delivery").start()),
        );
        reserved?;
        let charge = ChargeRequest { order: id, card: order.basket.card.clone(), cents };
        traced(&self.tracer, "take payment", self.take_payment(charge)).await?;
        Ok(cents)
    }

    async fn total(&self, basket: &Basket) -> Result<u64, OrderFailed> {
        let mut cents = 0;
        for line in &basket.lines {
            cents += u64::from(line.quantity) * self.prices.of(&line.item).await?;
        }
        Ok(cents)
    }

    async fn reserve(&self, order: u64, basket: &Basket) -> Result<(), OrderFailed> {
        let lines =
            basket.lines.iter().cloned().map(|line| Line { item: line.item, quantity: line.quantity });
        let mut request = Request::new(ReserveRequest { order, lines: lines.collect() });
        request.set_timeout(INVENTORY_DEADLINE);
        let reserved = self.inventory.clone().reserve(request).await;
        let mut reservations = reserved.map_err(OrderFailed::NotReserved)?.into_inner();
        let mut pieces = 0;
        // The reservations are valid only if the stream ends without an error.
        while let Some(reservation) = reservations.message().await.map_err(OrderFailed::NotReserved)? {
            pieces += i64::from(reservation.quantity);
        }
        current_span().set("shop.order.pieces", pieces);
        Ok(())
    }

    async fn take_payment(&self, charge: ChargeRequest) -> Result<(), OrderFailed> {
        let mut request = Request::new(charge);
        request.set_timeout(PAYMENT_DEADLINE);
        self.payment.clone().charge(request).await.map(drop).map_err(OrderFailed::NotPaid)
    }
}

async fn estimate_delivery() {
    sleep(Duration::from_millis(5)).await;
    current_span().set("shop.delivery.days", 2);
}
