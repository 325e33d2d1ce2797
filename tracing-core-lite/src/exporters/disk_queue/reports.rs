//! Messages of a queue about its disk, at a limited rate.

use std::fmt::Display;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::diagnostics::{self, Topic};

/// The minimum time between messages of the same kind.
const REPORT_EVERY: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(super) struct Reports {
    full: Mutex<Option<Instant>>,
    write_error: Mutex<Option<Instant>>,
    damage: Mutex<Option<Instant>>,
    delivery: Mutex<Option<Instant>>,
    refusal: Mutex<Option<Instant>>,
    expiry: Mutex<Option<Instant>>,
    read_error: Mutex<Option<Instant>>,
}

fn is_due(last: &Mutex<Option<Instant>>) -> bool {
    let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
    let is_due = last.is_none_or(|at| at.elapsed() >= REPORT_EVERY);
    if is_due {
        *last = Some(Instant::now());
    }
    is_due
}

fn warn(last: &Mutex<Option<Instant>>, message: impl FnOnce() -> String) {
    if is_due(last) {
        diagnostics::warn(Topic::Export, &message());
    }
}

impl Reports {
    pub(super) fn full(&self, directory: &Path, spans: usize) {
        warn(&self.full, || {
            format!("{spans} spans were dropped, because the disk queue in {} is full", directory.display())
        });
    }

    pub(super) fn write_error(&self, directory: &Path, error: &dyn Display) {
        warn(&self.write_error, || {
            format!(
                "the disk queue in {} cannot be written: {error}; spans wait in memory, and the disk is tried again every second",
                directory.display()
            )
        });
    }

    pub(super) fn read_error(&self, path: &Path, error: &dyn Display) {
        warn(&self.read_error, || {
            format!("the disk queue in {} cannot be read: {error}; this is tried again", path.display())
        });
    }

    pub(super) fn damage(&self, path: &Path, spans: Option<u32>) {
        warn(&self.damage, || {
            let spans = spans.map_or("a record".to_owned(), |spans| format!("a record of {spans} spans"));
            format!("{spans} in {} is damaged or cut off, and was skipped", path.display())
        });
    }

    pub(super) fn newer(&self, directory: &Path, files: u64) {
        diagnostics::warn(
            Topic::Export,
            &format!(
                "{files} files of the disk queue in {} were written by a newer version, and were left alone",
                directory.display()
            ),
        );
    }

    pub(super) fn delivery(&self, destination: Option<&str>, reason: &str, pause: Duration) {
        warn(&self.delivery, || {
            let to = destination.map(|destination| format!(" to {destination}")).unwrap_or_default();
            format!("spans on disk cannot be delivered{to}: {reason}; the next attempt is in {pause:.1?}")
        });
    }

    pub(super) fn refusal(&self, destination: Option<&str>, spans: u64, reason: &str) {
        warn(&self.refusal, || {
            let by = destination.map(|destination| format!(" by {destination}")).unwrap_or_default();
            format!("{spans} spans were refused{by}: {reason}")
        });
    }

    pub(super) fn expiry(&self, spans: u64, max_age: Duration) {
        warn(&self.expiry, || {
            format!("{spans} spans were dropped, because they were on disk for more than {max_age:?}")
        });
    }
}
