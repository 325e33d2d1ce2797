//! The service: an order from its prices to the event that it was accepted.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use tokio::time::sleep;
use tonic::Request;
use tower::BoxError;
use tracing::{info, warn};
use tracing_core_lite::Tracer;
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::span::current_span;
use tracing_http::server::ServerLayer;

use super::super::api::{Basket, NewOrder, Order};
use super::super::events::{Events, OrderCreated};
use super::super::grpc::GrpcChannel;
use super::super::proto::inventory_client::InventoryClient;
use super::super::proto::payment_client::PaymentClient;
use super::super::proto::{ChargeRequest, Line, ReserveRequest};
use super::super::work::{Classified, work};
use super::super::{Problem, Wiring, healthz};
use super::failure::OrderFailed;
use super::prices::Prices;
use super::store::Store;

/// How long payment and inventory have for their answers. They are told, so that they stop when nobody waits any more.
const PAYMENT_DEADLINE: Duration = Duration::from_secs(1);
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

pub(in crate::shop) async fn start(wiring: Wiring) -> Result<Router, BoxError> {
    let store = Store::open(wiring.database().await?).await?;
    let orders = Orders {
        tracer: wiring.provider.tracer("shop.orders"),
        prices: Prices::open(&wiring, store.clone()).await?,
        store,
        inventory: InventoryClient::new(wiring.channel("inventory")?),
        payment: PaymentClient::new(wiring.channel("payment")?),
        events: Events::open(&wiring)?,
    };
    Ok(Router::new()
        .route("/orders", post(place))
        .layer(ServerLayer::new().with_provider(&wiring.provider))
        .route("/healthz", get(healthz))
        .with_state(orders))
}

async fn place(
    State(orders): State<Orders>,
    Json(order): Json<NewOrder>,
) -> Result<(StatusCode, Json<Order>), Problem> {
    // Drawn, not counted: several orders services may share a database.
    let id = fastrand::u64(1_000_000..1 << 40);
    current_span().set("shop.order.id", id as i64);
    let outcome = orders.fulfil(id, &order).await;
    let state = outcome.as_ref().map_or_else(|failed| failed.class(), |_| "paid");
    if let Err(error) = orders.store.finish(id, state).await {
        warn!(order = id, %error, state, "what became of the order could not be stored");
    }
    let cents = outcome.inspect_err(|failed| warn!(order = id, reason = %failed, "order failed"))?;
    info!(order = id, cents, "order placed");

    let event = OrderCreated { order: id, customer: order.customer, phone: order.basket.phone, cents };
    if let Err(lost) = orders.events.order_created(&event).await {
        warn!(order = id, reason = %lost, "nobody hears of the order");
    }
    Ok((StatusCode::CREATED, Json(Order { id, paid_cents: cents })))
}

impl Orders {
    /// Everything that has to go well. Answers with what was paid, in cents.
    async fn fulfil(&self, id: u64, order: &NewOrder) -> Result<u64, OrderFailed> {
        let cents = self.total(&order.basket).await?;
        self.store.insert(id, &order.customer, cents).await?;
        let (reserved, ()) = tokio::join!(
            work(&self.tracer, "reserve stock", self.reserve(id, &order.basket)),
            estimate_delivery().in_span(self.tracer.span("estimate delivery").start()),
        );
        reserved?;
        let charge = ChargeRequest { order: id, card: order.basket.card.clone(), cents };
        work(&self.tracer, "take payment", self.take_payment(charge)).await?;
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
        // None of them counts before the stream has ended well.
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
