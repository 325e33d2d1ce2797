//! Writes traces in any format, some at a time.

use std::fmt;
use std::io::{self, Write};

use super::jaeger::add_jaeger;
use super::list::List;
use super::otlp_json::otlp_json;
use super::otlp_proto::otlp_proto;
use super::profile::{ChromeEvents, Stacks};
use super::zipkin::add_zipkin;
use crate::analysis::Times;
use crate::model::SpanSet;

/// A format that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// OTLP, one JSON document a line.
    OtlpJson,
    /// OTLP protobuf.
    OtlpProto,
    /// Jaeger's JSON.
    Jaeger,
    /// Zipkin v2 JSON.
    Zipkin,
    /// Folded stacks, for flame graphs.
    Folded,
    /// Chrome's trace events, for Perfetto.
    Chrome,
}

/// Writes sets of traces, one after the other, as one document.
///
/// ```
/// use trace_lens::analysis::Times;
/// use trace_lens::write::{Format, TraceWriter};
/// use trace_lens::{SpanRecord, SpanSet};
///
/// let mut out = Vec::new();
/// let mut writer = TraceWriter::new(Format::Zipkin, Times::Raw, &mut out)?;
/// writer.add(&SpanSet::from_records([SpanRecord::new(1, 1)]))?;
/// writer.add(&SpanSet::from_records([SpanRecord::new(2, 1)]))?;
/// writer.finish()?;
/// assert_eq!(trace_lens::Lens::from_bytes(&out).unwrap().traces().len(), 2);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct TraceWriter<'w> {
    out: &'w mut dyn Write,
    times: Times,
    state: State,
}

/// What was written.
enum State {
    OtlpJson,
    OtlpProto,
    Jaeger(List),
    Zipkin(List),
    Folded(Stacks),
    Chrome(ChromeEvents),
}

impl fmt::Debug for TraceWriter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TraceWriter").finish_non_exhaustive()
    }
}

impl<'w> TraceWriter<'w> {
    /// Begins a document. The formats for viewers of profiles use `times`, and the others the recorded times.
    ///
    /// # Errors
    /// Returns the error of the writer.
    pub fn new(format: Format, times: Times, out: &'w mut dyn Write) -> io::Result<Self> {
        let state = match format {
            Format::OtlpJson => State::OtlpJson,
            Format::OtlpProto => State::OtlpProto,
            Format::Jaeger => State::Jaeger(List::begin("{\"data\":[", out)?),
            Format::Zipkin => State::Zipkin(List::begin("[", out)?),
            Format::Folded => State::Folded(Stacks::default()),
            Format::Chrome => State::Chrome(ChromeEvents::begin(out)?),
        };
        Ok(Self { out, times, state })
    }

    /// Writes the traces of a set.
    ///
    /// # Errors
    /// Returns the error of the writer.
    pub fn add(&mut self, set: &SpanSet) -> io::Result<()> {
        let out = &mut *self.out;
        match &mut self.state {
            State::OtlpJson => otlp_json(set, out),
            State::OtlpProto => otlp_proto(set, out),
            State::Jaeger(list) => add_jaeger(set, list, out),
            State::Zipkin(list) => add_zipkin(set, list, out),
            State::Folded(stacks) => {
                stacks.add(set, self.times);
                Ok(())
            }
            State::Chrome(events) => events.add(set, self.times, out),
        }
    }

    /// Ends the document.
    ///
    /// # Errors
    /// Returns the error of the writer.
    pub fn finish(self) -> io::Result<()> {
        let out = self.out;
        match self.state {
            State::OtlpJson | State::OtlpProto => {}
            State::Jaeger(list) => list.end("]}\n", out)?,
            State::Zipkin(list) => list.end("\n]\n", out)?,
            State::Folded(stacks) => stacks.write(out)?,
            State::Chrome(events) => events.end(out)?,
        }
        out.flush()
    }
}
