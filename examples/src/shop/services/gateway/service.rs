//! The HTTP API for customers.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::{get, post};
use axum::{Json, Router};
use tracing::info;
use tracing_core_lite::TracerProvider;
use tracing_core_lite::span::current_span;
use tracing_http::axum::ServerLayer;

use crate::shop::api::{Basket, NewOrder, Order, Session};
use crate::shop::{Peer, Problem, healthz};

#[derive(Clone)]
struct Gateway {
    auth: Peer,
    orders: Peer,
}

pub(in crate::shop) fn router(auth: Peer, orders: Peer, provider: &TracerProvider) -> Router {
    Router::new()
        .route("/orders", post(place_order))
        .layer(ServerLayer::new().with_provider(provider))
        .route("/healthz", get(healthz))
        .with_state(Gateway { auth, orders })
}

async fn place_order(
    State(gateway): State<Gateway>,
    headers: HeaderMap,
    Json(basket): Json<Basket>,
) -> Result<(StatusCode, Json<Order>), Problem> {
    let token = headers.get(header::AUTHORIZATION).cloned();
    let session: Session = gateway.auth.with_authorization(token).get("/session").await?;
    current_span().set("shop.customer", session.customer.as_str());
    info!(customer = session.customer, items = %basket, "order received");

    let order = NewOrder { customer: session.customer, basket };
    let placed = gateway.orders.post("/orders", &order).await?;
    Ok((StatusCode::CREATED, Json(placed)))
}
