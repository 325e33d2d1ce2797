//! An exporter to a file of OTLP-JSON lines.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::to_json;
use crate::pipeline::{Batch, ExportError, Exported, Exporter};

/// An exporter that appends one line for each batch to a file, in the format of the OpenTelemetry Collector's file exporter.
///
/// Clones write to the same file and do not mix their lines: give one clone to every provider of a process. A flush makes the
/// lines durable. The file is not rotated. A failed write is retried, because a full disk can be freed.
#[derive(Debug, Clone)]
pub struct OtlpJsonFile {
    path: PathBuf,
    sink: Arc<Mutex<Sink>>,
}

#[derive(Debug)]
struct Sink {
    file: File,
    /// Whether the file ends in the middle of a line, because a write failed.
    is_torn: bool,
}

impl OtlpJsonFile {
    /// Opens `path` for appending. Creates the file if it does not exist.
    ///
    /// # Errors
    /// If the file cannot be opened.
    pub fn append(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref().to_owned();
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(&path)?;
        // A pipe cannot be read here, and has no is_torn line.
        let is_torn = ends_within_a_line(&mut file).unwrap_or(false);
        Ok(Self { path, sink: Arc::new(Mutex::new(Sink { file, is_torn })) })
    }

    /// Returns the path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn sink(&self) -> MutexGuard<'_, Sink> {
        self.sink.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, error: &io::Error) -> ExportError {
        ExportError::Retryable { reason: format!("writing to {}: {error}", self.path.display()), after: None }
    }
}

impl Exporter for OtlpJsonFile {
    fn export(&mut self, batch: &Batch, _deadline: Instant) -> Result<Exported, ExportError> {
        let spans = batch.decode().map_err(|error| ExportError::Permanent { reason: error.to_string() })?;
        let mut line = to_json(&spans);
        line.push('\n');
        self.sink().write(line).map_err(|error| self.failed(&error))?;
        Ok(Exported::default())
    }

    fn flush(&mut self, _deadline: Instant) -> Result<(), ExportError> {
        match self.sink().file.sync_data() {
            // Pipes and devices cannot be synced.
            Err(error) if error.kind() != io::ErrorKind::InvalidInput => Err(self.failed(&error)),
            _ => Ok(()),
        }
    }
}

impl Sink {
    fn write(&mut self, mut line: String) -> io::Result<()> {
        if self.is_torn {
            line.insert(0, '\n');
        }
        self.is_torn = true;
        self.file.write_all(line.as_bytes())?;
        self.is_torn = false;
        Ok(())
    }
}

fn ends_within_a_line(file: &mut File) -> io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}
