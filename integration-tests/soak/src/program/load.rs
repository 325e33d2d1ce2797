//! The load: orders of customers, and work items whose spans the program starts and ends itself.

use std::error::Error;
use std::str::FromStr;

use examples::shop::Settings;
use examples::terminated;
use tokio_util::task::TaskTracker;
use tracing_core_lite::log;

use super::telemetry::{Source, Telemetry};
use super::{orders, work_items};

/// Runs until the process is asked to stop.
pub(crate) async fn run() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().event_format(log::json("customer")).init();
    let settings = Settings::from_env();
    let telemetry = Telemetry::start("customer", &settings, Source::Program)?;
    let pending = TaskTracker::new();
    let orders = orders::place_all(&settings, &telemetry, &pending)?;
    tokio::select! {
        () = orders => {}
        () = work_items::run(&settings, &telemetry, &pending) => {}
        () = terminated() => {}
    }
    pending.close();
    pending.wait().await;
    tokio::task::block_in_place(|| telemetry.stop());
    Ok(())
}

/// Returns the number in `variable`.
pub(super) fn number<T: FromStr>(settings: &Settings, variable: &str, default: T) -> T {
    settings.get(variable).and_then(|value| value.parse().ok()).unwrap_or(default)
}
