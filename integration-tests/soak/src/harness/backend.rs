//! The receiver: an OpenTelemetry Collector that writes the spans to files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::health::{accepts, wait_until};
use super::options::Options;
use super::process::Process;

const START_TIMEOUT: Duration = Duration::from_secs(60);
const CONFIGURATION: &str = include_str!("collector.yaml");

/// A running Collector.
#[derive(Debug)]
pub(super) struct Backend {
    process: Mutex<Process>,
    port: u16,
    file: PathBuf,
}

impl Backend {
    pub(super) fn start(options: &Options, folder: &Path, port: u16) -> io::Result<Self> {
        let received = folder.join("received");
        fs::create_dir_all(&received)?;
        let (file, configuration) = (received.join("spans.jsonl"), folder.join("collector.yaml"));
        let text = CONFIGURATION.replace("{port}", &port.to_string());
        fs::write(&configuration, text.replace("{file}", &file.display().to_string()))?;
        let mut command = Command::new(&options.collector);
        command.arg("--config").arg(configuration);
        let backend = Self { process: Mutex::new(Process::new("collector", command, folder)), port, file };
        backend.process().start()?;
        match backend.wait() {
            true => Ok(backend),
            false => Err(io::Error::other("the Collector does not listen; see collector.log")),
        }
    }

    pub(super) fn process(&self) -> MutexGuard<'_, Process> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it listens.
    pub(super) fn wait(&self) -> bool {
        wait_until(START_TIMEOUT, || accepts(self.port))
    }

    /// Returns the file that it writes now.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }
}
