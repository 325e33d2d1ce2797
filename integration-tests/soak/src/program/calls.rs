//! The outcomes of calls, for the comparison with a run that records nothing.

use std::fs::File;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// A file with one line for each call: start, end (Unix, in milliseconds), kind and outcome, separated by tabs.
#[derive(Debug)]
pub(super) struct Calls(Mutex<File>);

impl Calls {
    pub(super) fn create(path: &str) -> io::Result<Self> {
        Ok(Self(Mutex::new(File::options().create(true).append(true).open(path)?)))
    }

    pub(super) fn record(&self, began: u64, kind: &str, outcome: &str) {
        let line = format!("{began}\t{}\t{kind}\t{outcome}\n", now());
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = file.write_all(line.as_bytes()) {
            tracing::error!(%error, "the file of calls cannot be written");
        }
    }
}

/// Returns the time since 1970 in milliseconds.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}
