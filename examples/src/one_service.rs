//! Runs one service of the shop as a process, configured by its environment.

use std::error::Error;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::info;
use tracing_core_lite::exporters::otlp_json::OtlpJsonFile;
use tracing_core_lite::{Init, TracerProvider, log};

use crate::shop::{self, Service, Settings, Wiring};

/// Runs `service` until the process is asked to stop.
///
/// # Errors
/// Returns an error if tracing cannot start, or the service cannot listen or open its connections.
pub async fn run(service: Service) -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().event_format(log::json(service.name())).init();
    let settings = Settings::from_env();
    let tracing = tracing_of(service.name(), &settings)?.start()?;
    serve(service, tracing.provider(), settings).await
}

/// Runs `service`, which records its spans with `provider`, until the process is asked to stop.
///
/// # Errors
/// Returns an error if the service cannot listen or open its connections.
pub async fn serve(
    service: Service,
    provider: &TracerProvider,
    settings: Settings,
) -> Result<(), Box<dyn Error>> {
    let default = format!("127.0.0.1:{}", service.port());
    let address = settings.get("LISTEN").unwrap_or(&default).to_owned();

    let wiring = Wiring {
        service,
        provider: provider.clone(),
        settings,
        background: TaskTracker::new(),
        stop: CancellationToken::new(),
    };
    let (background, stop) = (wiring.background.clone(), wiring.stop.clone());
    // Callers may call as soon as the port is open, so open it last.
    let router = wiring.start().await.map_err(|error| format!("{}: {error}", service.name()))?;
    let listener = TcpListener::bind(&address).await.map_err(|error| format!("{address}: {error}"))?;
    info!(address = %listener.local_addr()?, "listening");

    tokio::spawn({
        let stop = stop.clone();
        async move {
            crate::terminated().await;
            stop.cancel();
        }
    });
    shop::serve(listener, router, stop.cancelled_owned()).await?;
    background.close();
    background.wait().await;
    info!("stopped");
    Ok(())
}

/// Configures tracing for `service`: the `OTEL_*` variables, and OTLP JSON lines to the file that `SPANS_FILE` names.
///
/// # Errors
/// Returns an error if the file cannot be written.
pub(crate) fn tracing_of(service: &str, settings: &Settings) -> Result<Init, String> {
    let tracing = tracing_core_lite::init().with_service_name(service);
    let Some(path) = settings.get("SPANS_FILE") else { return Ok(tracing) };
    let file = OtlpJsonFile::append(path).map_err(|error| format!("SPANS_FILE {path}: {error}"))?;
    Ok(tracing.with_additional_exporter(file))
}
