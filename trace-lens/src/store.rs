//! Spans of any number: in memory as long as they fit, otherwise on disk.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread;

use crate::analysis::{Merge, Times};
use crate::filter::Filter;
use crate::lens::Lens;
use crate::read::{FileReport, ReadError, ReadOptions, read_files_into};
use crate::spill::{Overflow, Parts, Walk};

/// The default memory, in bytes.
const MEMORY: usize = 2_000_000_000;
/// The least memory. With less, blocks on disk would be too small.
const LEAST_MEMORY: usize = 64 << 10;

/// How a [`SpanStore`] reads and keeps spans.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StoreOptions {
    read: ReadOptions,
    memory: usize,
    folder: PathBuf,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl StoreOptions {
    /// Returns the defaults: 2 GB of memory, and the system's folder for temporary files.
    #[must_use]
    pub fn new() -> Self {
        Self { read: ReadOptions::new(), memory: MEMORY, folder: std::env::temp_dir() }
    }

    /// Sets how files are read.
    #[must_use]
    pub fn with_read_options(mut self, read: ReadOptions) -> Self {
        self.read = read;
        self
    }

    /// Sets about how many bytes of memory spans may take. Spans that take more than half of it go to disk. Values below
    /// 64 KiB count as 64 KiB.
    #[must_use]
    pub fn with_memory(mut self, bytes: usize) -> Self {
        self.memory = bytes.max(LEAST_MEMORY);
        self
    }

    /// Sets the folder for spans that do not fit in memory. On many systems the default folder is itself held in memory.
    #[must_use]
    pub fn with_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = folder.into();
        self
    }
}

/// Spans of any number. Those that do not fit in memory are kept in a temporary file, in parts of whole traces.
///
/// ```
/// use trace_lens::{SpanStore, StoreOptions};
///
/// let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/collector/shop.json.gz");
/// let store = SpanStore::open([file], &StoreOptions::new().with_memory(100_000))?;
/// let summary = store.merged(trace_lens::Lens::summary)?;
/// assert_eq!(summary.map(|it| it.quality.spans), Some(306));
/// # Ok::<(), trace_lens::read::ReadError>(())
/// ```
pub struct SpanStore {
    content: Content,
    reports: Vec<FileReport>,
    spans: u64,
    options: StoreOptions,
    filter: Filter,
    times: Times,
}

enum Content {
    Memory(Box<Lens>),
    Disk(Arc<Parts>),
}

impl fmt::Debug for SpanStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpanStore")
            .field("spans", &self.spans)
            .field("is_on_disk", &self.is_on_disk())
            .finish_non_exhaustive()
    }
}

impl SpanStore {
    /// Reads files of any format; `-` is standard input. Of a folder, all files in it are read.
    ///
    /// # Errors
    /// Returns an error if a file cannot be read at all, or if the spans cannot be kept. Records that cannot be read are
    /// skipped and reported.
    pub fn open<S: Into<String>>(
        files: impl IntoIterator<Item = S>,
        options: &StoreOptions,
    ) -> Result<Self, ReadError> {
        let files: Vec<String> = files.into_iter().map(Into::into).collect();
        let overflow =
            Arc::new(Overflow::new(options.folder.clone(), options.memory, options.read.threads()));
        let input = read_files_into(&files, &options.read, &overflow);
        // All threads that read have ended, so this is the last owner.
        let parts = Arc::into_inner(overflow).map_or(Ok(None), Overflow::finish);
        // Spans that cannot be written end the reading too, so this error comes first.
        let parts = parts.map_err(|source| spill_error(options, source))?;
        let input = input?;
        let spans = parts.as_ref().map_or(input.spans.len() as u64, Parts::len);
        let content = match parts {
            Some(parts) => Content::Disk(Arc::new(parts)),
            None => Content::Memory(Box::new(Lens::new(input.spans))),
        };
        let (options, filter) = (options.clone(), Filter::new());
        Ok(Self { content, reports: input.reports, spans, options, filter, times: Times::Raw })
    }

    /// Keeps only the traces that a filter keeps.
    #[must_use]
    pub fn with_filter(mut self, filter: Filter) -> Self {
        match self.content {
            Content::Memory(lens) => self.content = Content::Memory(Box::new(lens.with_filter(&filter))),
            Content::Disk(_) => self.filter = filter,
        }
        self
    }

    /// Uses times that are corrected for clock skew.
    #[must_use]
    pub fn with_corrected_times(mut self) -> Self {
        self.times = Times::Corrected;
        if let Content::Memory(lens) = self.content {
            self.content = Content::Memory(Box::new(lens.with_corrected_times()));
        }
        self
    }

    /// Returns the number of spans that were read, with those that a filter removes.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.spans
    }

    /// Returns whether no span was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans == 0
    }

    /// Returns whether the spans are on disk.
    #[must_use]
    pub fn is_on_disk(&self) -> bool {
        matches!(self.content, Content::Disk(_))
    }

    /// Returns one report per file, in order.
    #[must_use]
    pub fn reports(&self) -> &[FileReport] {
        &self.reports
    }

    /// Calls `visit` with all spans if they are in memory, otherwise with one part after the other. Parts without a trace are
    /// left out. Each part holds whole traces.
    ///
    /// # Errors
    /// Returns the error of `visit`, or an error if spans cannot be read back from disk.
    pub fn for_each_part<E: From<ReadError>>(
        &self,
        mut visit: impl FnMut(&Lens) -> Result<(), E>,
    ) -> Result<(), E> {
        match &self.content {
            Content::Memory(lens) if lens.traces().len() == 0 => Ok(()),
            Content::Memory(lens) => visit(lens),
            Content::Disk(parts) => self.walk(parts, parts.indexes(), visit),
        }
    }

    /// Reads a part while the one before it is analysed.
    fn walk<E: From<ReadError>>(
        &self,
        parts: &Arc<Parts>,
        indexes: std::ops::Range<usize>,
        mut visit: impl FnMut(&Lens) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut walk = Walk::new(parts, indexes, self.options.folder.clone(), self.options.memory / 4);
        thread::scope(|scope| {
            let (sender, receiver) = sync_channel(0);
            scope.spawn(move || {
                while let Some(next) = walk.next().transpose() {
                    let is_last = next.is_err();
                    if sender.send(next).is_err() || is_last {
                        break;
                    }
                }
            });
            for set in receiver {
                let set = set.map_err(|source| spill_error(&self.options, source))?;
                let lens = Lens::new(set).with_times(self.times).with_filter(&self.filter);
                if lens.traces().len() > 0 {
                    visit(&lens)?;
                }
            }
            Ok(())
        })
    }

    /// Returns the result over all traces, which `analyse` computes for parts of them; `None` without traces.
    ///
    /// # Errors
    /// Returns an error if spans cannot be read back from disk.
    pub fn merged<T: Merge>(&self, analyse: impl Fn(&Lens) -> T) -> Result<Option<T>, ReadError> {
        let mut all: Option<T> = None;
        self.for_each_part(|lens| {
            let result = analyse(lens);
            match &mut all {
                Some(all) => all.merge_from(result),
                None => all = Some(result),
            }
            Ok::<_, ReadError>(())
        })?;
        Ok(all)
    }

    /// Returns a lens that holds the trace with this id, and maybe others; `None` if there is no such trace.
    ///
    /// # Errors
    /// Returns an error if spans cannot be read back from disk.
    pub fn lens_with(&self, trace_id: u128) -> Result<Option<Cow<'_, Lens>>, ReadError> {
        let parts = match &self.content {
            Content::Memory(lens) => return Ok(lens.trace(trace_id).map(|_| Cow::Borrowed(&**lens))),
            Content::Disk(parts) => parts,
        };
        let mut found = None;
        let part = parts.part_of(trace_id);
        self.walk(parts, part..part + 1, |lens| {
            if lens.trace(trace_id).is_some() {
                let mut set = lens.spans().clone();
                set.retain_traces(|trace| trace.id() == trace_id);
                found = Some(Lens::new(set).with_times(self.times));
            }
            Ok::<_, ReadError>(())
        })?;
        Ok(found.map(Cow::Owned))
    }
}

fn spill_error(options: &StoreOptions, source: io::Error) -> ReadError {
    ReadError::Spill { folder: options.folder.display().to_string(), source }
}
