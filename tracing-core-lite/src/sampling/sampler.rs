//! The seam for samplers.

use std::fmt::Debug;
use std::sync::Arc;

use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanContext, SpanKind, TraceId, TraceState};

/// Decides which spans are recorded.
///
/// Source: OpenTelemetry specification, "Tracing SDK", section "Sampler".
///
/// ```
/// use tracing_core_lite::sampling::{Record, Sampler, SamplingDecision, SamplingInput};
///
/// #[derive(Debug)]
/// struct NoHealthChecks;
///
/// impl Sampler for NoHealthChecks {
///     fn sample(&self, input: &SamplingInput<'_>) -> SamplingDecision {
///         let record = if input.name == "GET /health" { Record::Drop } else { Record::RecordAndSample };
///         record.into()
///     }
///
///     fn description(&self) -> String {
///         "NoHealthChecks".into()
///     }
/// }
/// ```
pub trait Sampler: Send + Sync + Debug + 'static {
    /// Decides about a span that is about to start. It is called on the request's thread: it should not block.
    fn sample(&self, input: &SamplingInput<'_>) -> SamplingDecision;

    /// What [`sample`](Sampler::sample) decides about every child of `parent`, which is valid, whatever the child's name and kind,
    /// if it leaves the child its parent's tracestate and adds no attributes. Such a child is then made without asking further,
    /// which is cheaper. `None`, the default, promises nothing.
    fn sample_children_of(&self, parent: &SpanContext) -> Option<Record> {
        let _ = parent;
        None
    }

    /// A name and the settings, for people who read logs: `TraceIdRatioBased{0.25}`.
    fn description(&self) -> String;
}

impl<S: Sampler + ?Sized> Sampler for Arc<S> {
    fn sample(&self, input: &SamplingInput<'_>) -> SamplingDecision {
        (**self).sample(input)
    }

    fn sample_children_of(&self, parent: &SpanContext) -> Option<Record> {
        (**self).sample_children_of(parent)
    }

    fn description(&self) -> String {
        (**self).description()
    }
}

impl<S: Sampler + ?Sized> Sampler for Box<S> {
    fn sample(&self, input: &SamplingInput<'_>) -> SamplingDecision {
        (**self).sample(input)
    }

    fn sample_children_of(&self, parent: &SpanContext) -> Option<Record> {
        (**self).sample_children_of(parent)
    }

    fn description(&self) -> String {
        (**self).description()
    }
}

/// What a [`Sampler`] is told about a span that is about to start.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct SamplingInput<'a> {
    /// The parent, always valid; `None` for the root of a trace.
    pub parent: Option<&'a SpanContext>,
    /// The trace: the parent's, or the new one of a root.
    pub trace_id: TraceId,
    /// The span's name when it starts.
    pub name: &'a str,
    /// The span's kind.
    pub kind: &'a SpanKind,
}

impl<'a> SamplingInput<'a> {
    /// The input for one span. An invalid `parent` counts as none.
    #[must_use]
    pub fn new(
        parent: Option<&'a SpanContext>,
        trace_id: TraceId,
        name: &'a str,
        kind: &'a SpanKind,
    ) -> Self {
        Self { parent: parent.filter(|parent| parent.is_valid()), trace_id, name, kind }
    }
}

/// Whether a span is recorded and whether it is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Record {
    /// Neither: the span only carries its context on.
    Drop,
    /// Recorded here, but not marked as sampled: the processes that are called do not record it, and it is exported only
    /// if something here decides so later.
    RecordOnly,
    /// Recorded, exported, and marked as sampled for the processes that are called.
    RecordAndSample,
}

/// What a [`Sampler`] decided.
#[derive(Debug, Clone, PartialEq)]
pub struct SamplingDecision {
    /// Whether the span is recorded.
    pub record: Record,
    /// The span's tracestate. `None`: the parent's, unchanged; for a root, none.
    pub trace_state: Option<TraceState>,
    /// Attributes to add to the span; empty as a rule.
    pub attributes: Vec<KeyValue>,
}

impl From<Record> for SamplingDecision {
    /// This, with the parent's tracestate and without attributes: nothing is allocated.
    fn from(record: Record) -> Self {
        Self { record, trace_state: None, attributes: Vec::new() }
    }
}
