//! One service of the shop as a process of its own, configured by its environment.

use std::error::Error;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::info;
use tracing_core_lite::export::otlp_json::OtlpJsonFile;
use tracing_core_lite::{Guard, log};

use crate::shop::{self, Service, Settings, Wiring};

/// Runs `service` until the process is asked to stop.
///
/// # Errors
/// When tracing cannot start, its address is not to be had, or its database is not there.
pub async fn run(service: Service) -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().event_format(log::json(service.name)).init();
    let settings = Settings::from_env();
    let tracing = start_tracing(service.name, &settings)?;
    let default = format!("127.0.0.1:{}", service.port);
    let address = settings.get("LISTEN").unwrap_or(&default).to_owned();

    let wiring = Wiring {
        service: service.name,
        provider: tracing.provider().clone(),
        settings,
        background: TaskTracker::new(),
        stop: CancellationToken::new(),
    };
    let (background, stop) = (wiring.background.clone(), wiring.stop.clone());
    // Whoever finds the port open may call at once, so it opens last.
    let router = service.start(wiring).await.map_err(|error| format!("{}: {error}", service.name))?;
    let listener = TcpListener::bind(&address).await.map_err(|error| format!("{address}: {error}"))?;
    info!(address = %listener.local_addr()?, "listening");

    tokio::spawn({
        let stop = stop.clone();
        async move {
            shop::terminated().await;
            stop.cancel();
        }
    });
    shop::serve(listener, router, stop.cancelled_owned()).await?;
    background.close();
    background.wait().await;
    info!("stopped");
    Ok(())
}

/// Spans go where `OTEL_*` says, and as OTLP-JSON lines to the file that `SPANS_FILE` names.
///
/// # Errors
/// When there is no way to export, or the file cannot be written.
pub fn start_tracing(service: &str, settings: &Settings) -> Result<Guard, Box<dyn Error>> {
    let mut tracing = tracing_core_lite::init().service_name(service);
    if let Some(path) = settings.get("SPANS_FILE") {
        let file = OtlpJsonFile::append(path).map_err(|error| format!("SPANS_FILE {path}: {error}"))?;
        tracing = tracing.also_exporter(file);
    }
    Ok(tracing.start()?)
}
