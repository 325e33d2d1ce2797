//! Files, read into one set of spans.

use std::fmt;
use std::io::Cursor;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;

use super::file::{self, FileSettings};
use super::folder::expand;
use super::open::{decompressed, open};
use super::report::{FileReport, ReadError};
use crate::model::SpanSet;
use crate::spill::Overflow;

/// How files are read.
#[derive(Clone)]
#[non_exhaustive]
pub struct ReadOptions {
    threads: usize,
    progress: Arc<dyn Fn(u64) + Send + Sync>,
}

impl fmt::Debug for ReadOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadOptions").field("threads", &self.threads).finish_non_exhaustive()
    }
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl ReadOptions {
    /// Returns the defaults: as many threads as the machine has processors.
    #[must_use]
    pub fn new() -> Self {
        let threads = available_parallelism().map_or(1, NonZeroUsize::get);
        Self { threads, progress: Arc::new(|_| ()) }
    }

    /// Sets the number of threads that parse. 0 counts as 1.
    #[must_use]
    pub fn with_threads(mut self, threads: usize) -> Self {
        self.threads = threads.max(1);
        self
    }

    pub(crate) fn threads(&self) -> usize {
        self.threads
    }

    /// Sets what is called with the number of bytes that were read since the last call, from any thread.
    #[must_use]
    pub fn with_progress(mut self, progress: impl Fn(u64) + Send + Sync + 'static) -> Self {
        self.progress = Arc::new(progress);
        self
    }
}

/// Spans from files, and what reading each file gave.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Input {
    /// The spans, grouped into traces.
    pub spans: SpanSet,
    /// One report per file, in order.
    pub reports: Vec<FileReport>,
}

/// Reads files; `-` is standard input. Of a folder, all files in it are read.
///
/// # Errors
/// Returns an error if a file cannot be read at all. Records that cannot be read are skipped and reported.
pub fn read_files(files: &[String], options: &ReadOptions) -> Result<Input, ReadError> {
    let mut input = Input::default();
    for name in &expand(files).map_err(|(file, source)| ReadError::Io { file, source })? {
        let report = file::read(name, open(name), &settings(options, None), &mut input.spans)?;
        input.reports.push(report);
    }
    input.spans.group();
    Ok(input)
}

/// Reads files, whose spans go to `overflow` once there are too many for the memory. If any do, all of them do.
pub(crate) fn read_files_into(
    files: &[String],
    options: &ReadOptions,
    overflow: &Arc<Overflow>,
) -> Result<Input, ReadError> {
    let mut input = Input::default();
    for name in &expand(files).map_err(|(file, source)| ReadError::Io { file, source })? {
        let settings = settings(options, Some(overflow));
        let report = file::read(name, open(name), &settings, &mut input.spans)?;
        input.reports.push(report);
    }
    if overflow.has_begun() {
        overflow.add(&std::mem::take(&mut input.spans));
    }
    input.spans.group();
    Ok(input)
}

/// Reads the content of a file that is in memory; `name` is for messages.
///
/// # Errors
/// Returns an error if the content cannot be read at all. Records that cannot be read are skipped and reported.
pub fn read_bytes(name: &str, content: &[u8], options: &ReadOptions) -> Result<Input, ReadError> {
    let mut input = Input::default();
    let opened = decompressed(Box::new(Cursor::new(content.to_vec())));
    let report = file::read(name, opened, &settings(options, None), &mut input.spans)?;
    input.reports.push(report);
    input.spans.group();
    Ok(input)
}

fn settings<'o>(options: &'o ReadOptions, overflow: Option<&'o Arc<Overflow>>) -> FileSettings<'o> {
    FileSettings { threads: options.threads, overflow, progress: &*options.progress }
}
