//! The end of an exporter that was replaced.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use super::super::error::ExportError;
use super::super::exporter::Exporter;
use super::super::report::Reporter;
use crate::clock::after;
use crate::context::suppress_tracing;

type Outcome = Result<(), ExportError>;

/// An exporter that shuts down in a thread of its own, so that its successor works meanwhile.
pub(super) struct Closing(Receiver<Outcome>);

impl Closing {
    /// Shuts `exporter` down, which may take `timeout`.
    pub(super) fn start(exporter: Box<dyn Exporter>, timeout: Duration) -> Self {
        let (sender, receiver) = sync_channel(1);
        let deadline = after(timeout);
        let thread = thread::Builder::new().name("span-export-end".to_owned());
        // Without a thread, the exporter is dropped, and `wait` finds the channel closed.
        let _ = thread.spawn(move || close(exporter, deadline, &sender));
        Self(receiver)
    }

    /// Waits for the end until `deadline`. Returns `None` if it has not ended by then.
    pub(super) fn wait(&self, deadline: Instant) -> Option<Outcome> {
        match self.0.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(outcome) => Some(outcome),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                Some(Err(failure("the replaced exporter could not be closed")))
            }
        }
    }
}

fn close(mut exporter: Box<dyn Exporter>, deadline: Instant, outcome: &SyncSender<Outcome>) {
    // Spans of the exporter itself must not be recorded, or each export would cause another.
    let _suppressed = suppress_tracing();
    let result = catch_unwind(AssertUnwindSafe(|| exporter.shutdown(deadline)))
        .unwrap_or_else(|_| Err(failure("the replaced exporter panicked")));
    if let Err(error) = &result {
        Reporter::default().flush_failure(exporter.destination(), &error.to_string());
    }
    // If the shutdown has timed out, its caller is gone.
    let _ = outcome.send(result);
}

fn failure(reason: &str) -> ExportError {
    ExportError::Permanent { reason: reason.to_owned() }
}
