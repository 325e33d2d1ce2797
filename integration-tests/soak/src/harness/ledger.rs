//! The ledger: its process, and what it has recorded.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::health::{accepts, wait_until};
use super::process::Process;
use crate::span_key::SpanKey;

const START_TIMEOUT: Duration = Duration::from_secs(20);

/// A running ledger.
#[derive(Debug)]
pub(super) struct Ledger {
    process: Process,
    file: PathBuf,
}

/// What was acknowledged.
#[derive(Debug, Default)]
pub(super) struct Acknowledged {
    pub(super) spans: HashSet<SpanKey>,
    /// Records of flushes, of `end_durably` and of shutdowns.
    pub(super) flushes: u64,
    pub(super) durable: u64,
    pub(super) shutdowns: u64,
}

impl Ledger {
    /// Starts the program beside this one.
    pub(super) fn start(folder: &Path, port: u16) -> io::Result<Self> {
        let file = folder.join("ledger.txt");
        let mut command = Command::new(std::env::current_exe()?.with_file_name("soak-ledger"));
        command.arg(port.to_string()).arg(&file);
        let mut process = Process::new("ledger", command, folder);
        process.start()?;
        match wait_until(START_TIMEOUT, || accepts(port)) {
            true => Ok(Self { process, file }),
            false => Err(io::Error::other("the ledger does not listen; see ledger.log")),
        }
    }

    /// Reads the ledger.
    ///
    /// # Errors
    /// Returns an error if the program has ended, or a line is invalid.
    pub(super) fn read(&mut self) -> io::Result<Acknowledged> {
        if let Some(status) = self.process.ended()? {
            return Err(io::Error::other(format!("the ledger ended with {status}; see ledger.log")));
        }
        let mut acknowledged = Acknowledged::default();
        let text = std::fs::read_to_string(&self.file)?;
        let complete = text.rfind('\n').map_or("", |end| &text[..end]);
        for line in complete.lines() {
            let mut words = line.split(' ');
            match words.next() {
                Some("flush") => acknowledged.flushes += 1,
                Some("durable") => acknowledged.durable += 1,
                Some("shutdown") => acknowledged.shutdowns += 1,
                _ => return Err(io::Error::other(format!("invalid line in the ledger: {line:.80}"))),
            }
            for key in words.nth(1).unwrap_or_default().split_terminator(',') {
                let key = key.parse().map_err(|error| io::Error::other(format!("{key}: {error}")))?;
                acknowledged.spans.insert(key);
            }
        }
        Ok(acknowledged)
    }
}
