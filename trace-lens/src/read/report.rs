//! The outcome of reading a file: counts and problems.

use std::fmt;
use std::io;

use thiserror::Error;

/// The error of a file that cannot be read at all.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The file cannot be opened or read.
    #[error("{file}: {source}")]
    #[non_exhaustive]
    Io {
        /// The file.
        file: String,
        /// What the operating system says.
        source: io::Error,
    },
    /// The content is in no format that is read.
    #[error(
        "{file}: {reason}; supported are OTLP (JSON, JSON lines, protobuf), Jaeger, Tempo and Zipkin JSON, plain or in gzip or zstd, and Parquet"
    )]
    #[non_exhaustive]
    NotRecognised {
        /// The file.
        file: String,
        /// The detected content.
        reason: String,
    },
    /// Spans that do not fit in memory cannot be kept on disk.
    #[error("spans cannot be kept in {folder}: {source}; choose another folder, or allow more memory")]
    #[non_exhaustive]
    Spill {
        /// The folder for temporary files.
        folder: String,
        /// What the operating system says.
        source: io::Error,
    },
}

/// The position of a problem in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Position {
    /// A line and column, from 1. Column 0 is the line as a whole.
    Line(u64, u64),
    /// A row, from 1.
    Row(u64),
    /// An offset in bytes, in the uncompressed content.
    Offset(u64),
}

/// A problem in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The position.
    pub position: Position,
    /// The description.
    pub what: String,
}

impl Problem {
    pub(crate) fn new(position: Position, what: impl Into<String>) -> Self {
        Self { position, what: what.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Position::Line(line, 0) => write!(f, "line {line}: {}", self.what),
            Position::Line(line, column) => write!(f, "line {line}, column {column}: {}", self.what),
            Position::Row(row) => write!(f, "row {row}: {}", self.what),
            Position::Offset(offset) => write!(f, "offset {offset}: {}", self.what),
        }
    }
}

/// The outcome of reading one file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct FileReport {
    /// The file, `-` for standard input.
    pub file: String,
    /// The detected format, for text output.
    pub format: String,
    /// The number of spans.
    pub spans: u64,
    /// The number of records that could not be read.
    pub skipped: u64,
    /// The number of log and metric records, which are not spans.
    pub other_signals: u64,
    /// The size of the content in bytes, after decompression.
    pub bytes: u64,
    /// The first problems.
    pub problems: Vec<Problem>,
}

impl fmt::Display for FileReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, spans, skipped, .. } = self;
        write!(f, "{file}: {spans} spans")?;
        if *skipped > 0 {
            write!(f, ", {skipped} records skipped")?;
        }
        for problem in &self.problems {
            write!(f, "\n{file}: {problem}")?;
        }
        Ok(())
    }
}
