//! A thread that calls a function in each interval.

use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use tracing_core_lite::layer_support::OwnThread;

/// Ends the thread when it is dropped.
#[derive(Debug)]
pub(crate) struct Ticker(Arc<Stop>);

#[derive(Debug, Default)]
struct Stop {
    is_stopped: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    /// Waits for an interval. Returns whether the thread should end.
    fn wait(&self, interval: Duration) -> bool {
        let is_stopped = self.is_stopped.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(is_stopped, interval, |is_stopped| !*is_stopped);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// Starts a thread that calls `tick` at once, and then in each interval, until `target` or the ticker is dropped.
pub(crate) fn start<T: Send + Sync + 'static>(
    name: &str,
    target: Weak<T>,
    interval: Duration,
    tick: impl Fn(&T) + Send + 'static,
) -> std::io::Result<Ticker> {
    let stop = Arc::new(Stop::default());
    let watched = Arc::clone(&stop);
    thread::Builder::new().name(name.into()).spawn(move || {
        let _own = OwnThread::enter();
        loop {
            let Some(target) = target.upgrade() else { return };
            tick(&target);
            drop(target);
            if watched.wait(interval) {
                return;
            }
        }
    })?;
    Ok(Ticker(stop))
}

impl Drop for Ticker {
    fn drop(&mut self) {
        *self.0.is_stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.changed.notify_all();
    }
}
