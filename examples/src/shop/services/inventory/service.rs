//! The gRPC API of inventory: a stream of reservations in one transaction.

use std::vec::IntoIter;

use axum::Router;
use futures_util::stream::{self, BoxStream};
use tonic::{Request, Response, Status};
use tower::BoxError;
use tracing::{info, warn};
use tracing_core_lite::TracerProvider;
use tracing_core_lite::span::current_span;

use super::stock::{self, Stock};
use crate::shop::connections::{Database, Transaction, grpc_router};
use crate::shop::proto::inventory_server::{Inventory, InventoryServer};
use crate::shop::proto::{Line, Reservation, ReserveRequest};

/// An item that is made to order. An order for it runs the slow query that estimates the demand.
const MADE_TO_ORDER: &str = "chandelier";

struct Shelves {
    stock: Stock,
}

pub(in crate::shop) async fn router(
    database: Database,
    provider: &TracerProvider,
) -> Result<Router, BoxError> {
    let shelves = Shelves { stock: Stock::open(database).await? };
    Ok(grpc_router(InventoryServer::new(shelves), provider))
}

#[tonic::async_trait]
impl Inventory for Shelves {
    type ReserveStream = BoxStream<'static, Result<Reservation, Status>>;

    async fn reserve(
        &self,
        request: Request<ReserveRequest>,
    ) -> Result<Response<Self::ReserveStream>, Status> {
        let ReserveRequest { order, lines } = request.into_inner();
        current_span().set("shop.order.id", order as i64);
        if lines.iter().any(|line| line.item == MADE_TO_ORDER) {
            let pairs = self.stock.forecast().await.map_err(unavailable)?;
            info!(order, pairs, "demand estimated");
        }
        let transaction = self.stock.begin().await.map_err(unavailable)?;
        let reserving = Reserving { order, transaction, lines: lines.into_iter() };
        // Dropping the stream drops the transaction, which rolls it back.
        Ok(Response::new(Box::pin(stream::try_unfold(reserving, Reserving::next))))
    }
}

/// The reservation of an order, line by line.
struct Reserving {
    order: u64,
    transaction: Transaction,
    lines: IntoIter<Line>,
}

impl Reserving {
    async fn next(mut self) -> Result<Option<(Reservation, Self)>, Status> {
        let Some(Line { item, quantity }) = self.lines.next() else {
            self.transaction.commit().await.map_err(unavailable)?;
            info!(order = self.order, "goods reserved");
            return Ok(None);
        };
        match stock::take(&mut self.transaction, &item, quantity).await {
            Ok(true) => Ok(Some((Reservation { item, quantity }, self))),
            Ok(false) => self.refuse(Status::not_found(format!("no {item} is sold here"))).await,
            Err(error) if is_below_zero(&error) => {
                self.refuse(Status::failed_precondition(format!("too few of {item} in stock"))).await
            }
            Err(error) => Err(unavailable(error)),
        }
    }

    /// Rolls back, so that nothing of the order stays reserved.
    async fn refuse(self, status: Status) -> Result<Option<(Reservation, Self)>, Status> {
        self.transaction.rollback().await.map_err(unavailable)?;
        warn!(order = self.order, reason = status.message(), "nothing reserved");
        Err(status)
    }
}

fn is_below_zero(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.is_check_violation())
}

/// The span of the query records the error. The caller learns only that the stock is unavailable.
fn unavailable(_: sqlx::Error) -> Status {
    Status::unavailable("cannot reach the stock")
}
