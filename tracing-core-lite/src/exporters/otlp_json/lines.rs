//! Reads a file of OTLP-JSON lines, one line at a time.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use super::from_json;
use crate::span::data::ResourceSpans;

/// The longest line that is read, in bytes. Batches of the Collector are much shorter.
const MAX_LINE: usize = 64 * 1024 * 1024;

/// An error in reading a line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The source failed. No more lines follow.
    #[error("line {line}: {error}")]
    Io {
        /// The line, counted from 1.
        line: u64,
        /// The operation that failed.
        #[source]
        error: io::Error,
    },
    /// The line is not an OTLP trace request. The next one may be.
    #[error("line {line} is not an OTLP trace request: {reason}")]
    Line {
        /// The line, counted from 1.
        line: u64,
        /// Why.
        reason: &'static str,
    },
}

/// Opens a file of OTLP-JSON lines.
///
/// # Errors
/// If it cannot be opened.
pub fn read(path: impl AsRef<Path>) -> io::Result<Reader<BufReader<File>>> {
    File::open(path).map(|file| Reader::new(BufReader::new(file)))
}

/// An iterator over the requests in a file of OTLP-JSON lines.
///
/// Empty lines are skipped. A malformed line is an error, and reading continues with the next one. The reader holds one line at a
/// time, of at most 64 MiB.
#[derive(Debug)]
pub struct Reader<R> {
    source: R,
    line: u64,
    max_line: usize,
    ended: bool,
}

impl<R: BufRead> Reader<R> {
    /// Creates a reader of `source`.
    #[must_use]
    pub fn new(source: R) -> Self {
        Self { source, line: 0, max_line: MAX_LINE, ended: false }
    }

    /// Sets the length of the longest line that is read, in bytes.
    #[must_use]
    pub fn with_max_line(mut self, bytes: usize) -> Self {
        self.max_line = bytes;
        self
    }

    /// Returns the next line without its end, `None` at the end of the source, and `Err` for a line that is too long.
    fn next_line(&mut self) -> io::Result<Option<Result<Vec<u8>, &'static str>>> {
        let mut line = Vec::new();
        let (mut any, mut too_long) = (false, false);
        loop {
            let available = match self.source.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                available => available?,
            };
            if available.is_empty() {
                break;
            }
            any = true;
            let end = available.iter().position(|&byte| byte == b'\n');
            let part = &available[..end.unwrap_or(available.len())];
            too_long |= line.len() + part.len() > self.max_line;
            if too_long {
                line = Vec::new();
            } else {
                line.extend_from_slice(part);
            }
            let used = part.len() + usize::from(end.is_some());
            self.source.consume(used);
            if end.is_some() {
                break;
            }
        }
        match (any, too_long) {
            (false, _) => Ok(None),
            (true, true) => Ok(Some(Err("it is too long"))),
            (true, false) => Ok(Some(Ok(line))),
        }
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Vec<ResourceSpans>, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            self.line += 1;
            let line = self.line;
            let content = match self.next_line() {
                Ok(Some(content)) => content,
                Ok(None) => break,
                Err(error) => {
                    self.ended = true;
                    return Some(Err(ReadError::Io { line, error }));
                }
            };
            let parsed = content.and_then(|content| {
                let text = std::str::from_utf8(&content).map_err(|_| "it is not UTF-8")?.trim();
                if text.is_empty() { Ok(None) } else { from_json(text).map(Some) }
            });
            match parsed {
                Ok(None) => {}
                Ok(Some(request)) => return Some(Ok(request)),
                Err(reason) => return Some(Err(ReadError::Line { line, reason })),
            }
        }
        self.ended = true;
        None
    }
}
