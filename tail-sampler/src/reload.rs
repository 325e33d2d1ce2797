//! Reloads the configuration file when it changes, and on SIGHUP.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use crate::config::Config;
use crate::control::Control;
use crate::metrics::Requests;

/// How often the file is checked for changes.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Watches the file until the task is cancelled. SIGHUP is handled from the call on, not only when the task runs.
pub(crate) fn watch(
    path: PathBuf,
    control: Control,
    requests: Arc<Requests>,
) -> impl Future<Output = ()> + Send {
    let last = modified(&path);
    #[cfg(unix)]
    let hangup = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).ok();
    #[cfg(not(unix))]
    let hangup = None;
    watch_from(path, control, requests, last, hangup)
}

#[cfg(not(unix))]
type Signal = std::convert::Infallible;
#[cfg(unix)]
type Signal = tokio::signal::unix::Signal;

async fn watch_from(
    path: PathBuf,
    control: Control,
    requests: Arc<Requests>,
    mut last: Option<SystemTime>,
    mut hangup: Option<Signal>,
) {
    loop {
        let asked = tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => false,
            received = next(&mut hangup) => received,
        };
        let now = modified(&path);
        if asked || now != last {
            last = now;
            let (path, control, requests) = (path.clone(), control.clone(), Arc::clone(&requests));
            // Reading the file and evaluating pending traces again blocks.
            let _ = tokio::task::spawn_blocking(move || reload(&path, &control, &requests)).await;
        }
    }
}

async fn next(hangup: &mut Option<Signal>) -> bool {
    match hangup {
        #[cfg(unix)]
        Some(hangup) => hangup.recv().await.is_some(),
        #[cfg(not(unix))]
        Some(never) => match *never {},
        None => std::future::pending().await,
    }
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|file| file.modified()).ok()
}

/// Applies the file. An invalid one leaves the old configuration in force.
fn reload(path: &Path, control: &Control, requests: &Requests) {
    let result = Config::read(path)
        .map_err(|error| error.to_string())
        .and_then(|config| control.reload(config.tail).map_err(|error| error.to_string()));
    match result {
        Ok(()) => {
            requests.reloads.fetch_add(1, Ordering::Relaxed);
            tracing::info!(path = %path.display(), "the policies were reloaded");
        }
        Err(reason) => {
            requests.failed_reloads.fetch_add(1, Ordering::Relaxed);
            tracing::error!(path = %path.display(), reason, "the configuration is invalid; the old one stays in force");
        }
    }
}
