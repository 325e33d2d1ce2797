//! Reloads the configuration file when it changes, and on SIGHUP.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use crate::config::Config;
use crate::intake::Intake;

/// How often the file is checked for changes.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Watches the file until the task is cancelled.
pub(crate) async fn watch(path: PathBuf, intake: Intake) {
    let mut last = modified(&path);
    #[cfg(unix)]
    let mut hangup = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).ok();
    loop {
        #[cfg(unix)]
        let asked = tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => false,
            received = next(&mut hangup) => received,
        };
        #[cfg(not(unix))]
        let asked = {
            tokio::time::sleep(LOOK_EVERY).await;
            false
        };
        let now = modified(&path);
        if asked || now != last {
            last = now;
            let (path, intake) = (path.clone(), intake.clone());
            // Reading the file and evaluating pending traces again blocks.
            let _ = tokio::task::spawn_blocking(move || reload(&path, &intake)).await;
        }
    }
}

#[cfg(unix)]
async fn next(hangup: &mut Option<tokio::signal::unix::Signal>) -> bool {
    match hangup {
        Some(hangup) => hangup.recv().await.is_some(),
        None => std::future::pending().await,
    }
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|file| file.modified()).ok()
}

/// Applies the file. An invalid one leaves the old configuration in force.
fn reload(path: &Path, intake: &Intake) {
    let result = Config::read(path)
        .map_err(|error| error.to_string())
        .and_then(|config| intake.tail.reload(config.tail).map_err(|error| error.to_string()));
    match result {
        Ok(()) => {
            intake.requests.reloads.fetch_add(1, Ordering::Relaxed);
            tracing::info!(path = %path.display(), "the policies were reloaded");
        }
        Err(reason) => {
            intake.requests.failed_reloads.fetch_add(1, Ordering::Relaxed);
            tracing::error!(path = %path.display(), reason, "the configuration is invalid; the old one stays in force");
        }
    }
}
