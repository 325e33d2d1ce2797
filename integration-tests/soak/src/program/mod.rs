//! The processes of the shop: its services and its load, which report to the ledger what was acknowledged.

mod calls;
mod entry;
mod ledger;
mod load;
mod orders;
mod telemetry;
mod work_items;

use std::error::Error;

use examples::one_service;
use examples::shop::{Service, Settings};
use tracing_core_lite::log;

pub(crate) use load::run as load;
use telemetry::{Source, Telemetry};

/// Runs one service of the shop until it is asked to stop.
pub(crate) async fn service(name: &str) -> Result<(), Box<dyn Error>> {
    let service: Service = name.parse()?;
    tracing_subscriber::fmt().event_format(log::json(service.name())).init();
    let settings = Settings::from_env();
    let telemetry = Telemetry::start(service.name(), &settings, Source::Pipeline)?;
    let outcome = one_service::serve(service, telemetry.provider(), settings).await;
    telemetry.stop();
    outcome
}
