//! The load generator: places orders of all kinds until the process is asked to stop.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::task::TaskTracker;
use tracing::{info, warn};
use tracing_core_lite::log;

use crate::demo::{Customer, OrderKind};
use crate::one_service::tracing_of;
use crate::shop::{Settings, healthz, serve};
use crate::terminated;

/// How many orders are pending at most.
const MAX_PENDING: usize = 64;

/// Places `ORDERS_PER_SECOND` (default 1) at the gateway at `GATEWAY_URL`, and answers `GET /healthz` at `LISTEN`.
///
/// # Errors
/// Returns an error if tracing cannot start or a setting is invalid.
pub async fn run() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().event_format(log::json("customer")).init();
    let settings = Settings::from_env();
    let tracing = tracing_of("customer", &settings)?.start()?;
    let gateway = settings.get("GATEWAY_URL").unwrap_or("http://127.0.0.1:4100").to_owned();
    let rate: f64 = settings.get("ORDERS_PER_SECOND").unwrap_or("1").parse()?;
    if !(0.001..=10_000.0).contains(&rate) {
        return Err(format!("invalid ORDERS_PER_SECOND {rate}: use a number from 0.001 to 10000").into());
    }
    let address = settings.get("LISTEN").unwrap_or("127.0.0.1:4109").to_owned();
    let listener = TcpListener::bind(&address).await.map_err(|error| format!("{address}: {error}"))?;
    tokio::spawn(serve(listener, Router::new().route("/healthz", get(healthz)), terminated()));
    info!(gateway, rate, "placing orders");

    let customer = Customer::new(tracing.provider(), gateway);
    let permits = Arc::new(Semaphore::new(MAX_PENDING));
    let pending = TaskTracker::new();
    let place_all = async {
        let mut tick = interval(Duration::from_secs_f64(1.0 / rate));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for kind in kinds() {
            tick.tick().await;
            let (customer, permit) = (customer.clone(), Arc::clone(&permits).acquire_owned().await);
            pending.spawn(async move {
                let placed = customer.place(kind).await;
                drop(permit);
                match &placed.outcome {
                    Ok(order) => info!(order = order.id, kind = kind.name(), "placed"),
                    Err(reason) if kind.succeeds() => warn!(%reason, kind = kind.name(), "failed"),
                    Err(reason) => info!(%reason, kind = kind.name(), "failed as expected"),
                }
            });
        }
    };
    tokio::select! {
        () = place_all => {}
        () = terminated() => {}
    }
    pending.close();
    pending.wait().await;
    Ok(())
}

/// Alternates between ordinary orders and the other kinds.
fn kinds() -> impl Iterator<Item = OrderKind> {
    OrderKind::STORY.into_iter().cycle().flat_map(|kind| [OrderKind::Ordinary, kind])
}
