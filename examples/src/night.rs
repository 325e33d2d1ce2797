//! Runs the nightly job as a process.

use std::error::Error;
use std::time::Duration;

use tower::BoxError;
use tracing::info;
use tracing_core_lite::env::Process;
use tracing_core_lite::log;

use crate::one_service::tracing_of;
use crate::shop::{Settings, reconciliation};
use crate::until_stopped;

/// How long exporting the bank's last spans may take.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// Sends the bank's records to the Kafka at `KAFKA_BROKERS`, and runs the job that reads them.
///
/// # Errors
/// Returns an error if Kafka cannot be reached or tracing cannot start.
pub async fn run() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().event_format(log::json("reconciliation")).init();
    let settings = Settings::from_env();
    let tracing = tracing_of("reconciliation", &settings)?.start()?;
    let (bank, _) = tracing_of("bank", &settings)?.build(&Process)?;
    let brokers =
        settings.get("KAFKA_BROKERS").ok_or("KAFKA_BROKERS is not set: there is nothing to reconcile")?;
    let work = async {
        reconciliation::send_statements(brokers, &bank).await?;
        let found = reconciliation::reconcile(brokers, tracing.provider()).await?;
        info!(right = found.right, wrong = found.wrong, "reconciled");
        Ok(())
    };
    let outcome: Result<(), BoxError> = until_stopped(work).await;
    // Export the spans after a failure as well: they explain it.
    tokio::task::spawn_blocking(move || bank.shutdown(SHUTDOWN_TIMEOUT)).await??;
    outcome.map_err(|error| -> Box<dyn Error> { error })
}
