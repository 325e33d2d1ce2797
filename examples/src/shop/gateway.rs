//! The gateway: knows the customer, then passes the order on.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::{get, post};
use axum::{Json, Router};
use tower::BoxError;
use tracing::info;
use tracing_core_lite::span::current_span;
use tracing_http::server::ServerLayer;

use super::api::{Basket, NewOrder, Order, Session};
use super::{Peer, Problem, Wiring, healthz};

#[derive(Clone)]
struct Gateway {
    auth: Peer,
    orders: Peer,
}

pub(super) async fn start(wiring: Wiring) -> Result<Router, BoxError> {
    let gateway = Gateway { auth: wiring.peer("auth"), orders: wiring.peer("orders") };
    Ok(Router::new()
        .route("/orders", post(place_order))
        .layer(ServerLayer::new().with_provider(&wiring.provider))
        .route("/healthz", get(healthz))
        .with_state(gateway))
}

async fn place_order(
    State(gateway): State<Gateway>,
    headers: HeaderMap,
    Json(basket): Json<Basket>,
) -> Result<(StatusCode, Json<Order>), Problem> {
    let token = headers.get(header::AUTHORIZATION).cloned();
    let session: Session = gateway.auth.authorized_by(token).get("/session").await?;
    current_span().set("shop.customer", session.customer.as_str());
    info!(customer = session.customer, items = %basket, "order received");

    let order = NewOrder { customer: session.customer, basket };
    let placed = gateway.orders.post("/orders", &order).await?;
    Ok((StatusCode::CREATED, Json(placed)))
}
