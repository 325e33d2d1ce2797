//! The size of traces, measured.

use std::io::{self, Write};

use crate::analysis::Merge;
use crate::lens::Lens;
use crate::write::otlp_proto;

/// The number of traces, of their spans, and of their bytes as OTLP protobuf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct TraceSize {
    /// The number of traces.
    pub traces: u64,
    /// The number of spans.
    pub spans: u64,
    /// The number of bytes as OTLP protobuf.
    pub bytes: u64,
}

impl TraceSize {
    /// Measures traces.
    #[must_use]
    pub fn new(lens: &Lens) -> Self {
        let mut bytes = Counted(0);
        // This writer does not fail.
        let _ = otlp_proto(lens.spans(), &mut bytes);
        let spans = lens.traces().map(|it| it.len() as u64).sum();
        Self { traces: lens.traces().len() as u64, spans, bytes: bytes.0 }
    }

    /// Returns the mean bytes of a trace, 0 without traces.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn bytes_per_trace(&self) -> f64 {
        self.bytes as f64 / self.traces.max(1) as f64
    }

    /// Returns the mean number of spans of a trace, 0 without traces.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn spans_per_trace(&self) -> f64 {
        self.spans as f64 / self.traces.max(1) as f64
    }
}

impl Merge for TraceSize {
    fn merge_from(&mut self, other: Self) {
        self.traces += other.traces;
        self.spans += other.spans;
        self.bytes += other.bytes;
    }
}

/// Counts what is written.
struct Counted(u64);

impl Write for Counted {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.0 += buffer.len() as u64;
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
