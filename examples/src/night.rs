//! The nightly job as a process of its own.

use std::error::Error;
use std::time::Duration;

use tracing::info;
use tracing_core_lite::env::Process;
use tracing_core_lite::log;

use crate::one_service::tracing_of;
use crate::shop::{Settings, reconciliation};

/// How long the bank's last spans may take to leave.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// The bank sends its records to the Kafka at `KAFKA_BROKERS`, and the job reads them.
///
/// # Errors
/// When there is no Kafka, or tracing cannot start.
pub async fn run() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().event_format(log::json("reconciliation")).init();
    let settings = Settings::from_env();
    let tracing = tracing_of("reconciliation", &settings)?.start()?;
    let (bank, _) = tracing_of("bank", &settings)?.build(&Process)?;
    let brokers =
        settings.get("KAFKA_BROKERS").ok_or("KAFKA_BROKERS is not set: there is nothing to reconcile")?;
    let work = async {
        reconciliation::send_statements(brokers, &bank).await?;
        reconciliation::reconcile(brokers, tracing.provider()).await
    };
    let outcome = work.await;
    // Also after a failure: its spans say why.
    tokio::task::spawn_blocking(move || bank.shutdown(SHUTDOWN_TIMEOUT)).await??;
    let found = outcome.map_err(|error| -> Box<dyn Error> { error })?;
    info!(right = found.right, wrong = found.wrong, "reconciled");
    Ok(())
}
