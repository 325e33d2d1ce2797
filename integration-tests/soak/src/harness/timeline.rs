//! Which fault was there when.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// What a fault concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// Only the export of spans: calls must not fail.
    Telemetry,
    /// The shop itself: calls fail with and without tracing.
    Shop,
}

/// A fault that has been injected. Times are in milliseconds since 1970.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    pub(super) name: String,
    pub(super) scope: Scope,
    pub(super) from: u64,
    pub(super) to: u64,
}

/// All faults so far.
#[derive(Debug)]
pub(super) struct Timeline {
    faults: Mutex<Vec<Fault>>,
    file: Mutex<File>,
}

impl Timeline {
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        Ok(Self { faults: Mutex::default(), file: Mutex::new(File::create(path)?) })
    }

    pub(super) fn add(&self, name: String, scope: Scope, from: u64) {
        let fault = Fault { name, scope, from, to: now() };
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = writeln!(file, "{}\t{}\t{}", fault.from, fault.to, fault.name) {
            eprintln!("soak: the faults cannot be written: {error}");
        }
        self.lock().push(fault);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Fault>> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn faults(&self) -> Vec<Fault> {
        self.lock().clone()
    }

    /// Returns how often each fault was injected.
    pub(super) fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for fault in self.lock().iter() {
            *counts.entry(fault.name.clone()).or_default() += 1;
        }
        counts
    }
}

/// Returns the time since 1970 in milliseconds.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}
