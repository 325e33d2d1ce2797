//! The load generator: customers who place orders of all kinds, until the process is asked to stop.

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
use crate::shop::{Settings, healthz, serve, terminated};

/// More orders than this are not on their way at a time.
const MOST_AT_A_TIME: usize = 64;

/// Places `ORDERS_PER_SECOND` (1) at the gateway at `GATEWAY_URL`; `GET /healthz` at `LISTEN` says that it does.
///
/// # Errors
/// When tracing cannot start, or a setting is none.
pub async fn run() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().event_format(log::json("customer")).init();
    let settings = Settings::from_env();
    let tracing = tracing_of("customer", &settings)?.start()?;
    let gateway = settings.get("GATEWAY_URL").unwrap_or("http://127.0.0.1:4100").to_owned();
    let rate: f64 = settings.get("ORDERS_PER_SECOND").unwrap_or("1").parse()?;
    if !(0.001..=10_000.0).contains(&rate) {
        return Err(format!("ORDERS_PER_SECOND cannot be {rate}: 0.001 to 10000").into());
    }
    let address = settings.get("LISTEN").unwrap_or("127.0.0.1:4109").to_owned();
    let listener = TcpListener::bind(&address).await.map_err(|error| format!("{address}: {error}"))?;
    tokio::spawn(serve(listener, Router::new().route("/healthz", get(healthz)), terminated()));
    info!(gateway, rate, "placing orders");

    let customer = Customer::new(tracing.provider(), gateway);
    let places = Arc::new(Semaphore::new(MOST_AT_A_TIME));
    let on_their_way = TaskTracker::new();
    let place_all = async {
        let mut tick = interval(Duration::from_secs_f64(1.0 / rate));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for kind in kinds() {
            tick.tick().await;
            let (customer, place) = (customer.clone(), Arc::clone(&places).acquire_owned().await);
            on_their_way.spawn(async move {
                let placed = customer.place(kind).await;
                drop(place);
                match &placed.outcome {
                    Ok(order) => info!(order = order.id, kind = kind.name(), "placed"),
                    Err(reason) if kind.goes_through() => warn!(%reason, kind = kind.name(), "failed"),
                    Err(reason) => info!(%reason, kind = kind.name(), "failed, as it had to"),
                }
            });
        }
    };
    tokio::select! {
        () = place_all => {}
        () = terminated() => {}
    }
    on_their_way.close();
    on_their_way.wait().await;
    Ok(())
}

/// Every second order is an ordinary one.
fn kinds() -> impl Iterator<Item = OrderKind> {
    OrderKind::STORY.into_iter().cycle().flat_map(|kind| [OrderKind::Ordinary, kind])
}
