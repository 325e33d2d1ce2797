//! The trait that samplers implement.

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
    /// Decides about a span that is about to start. This runs on the thread that starts the span, so it should not
    /// block.
    fn sample(&self, input: &SamplingInput<'_>) -> SamplingDecision;

    /// Returns the decision for every child of `parent`, if it is the same for every name and kind, keeps the
    /// tracestate and adds no attributes. Such a child starts without a call to [`sample`](Sampler::sample), which is
    /// cheaper.
    ///
    /// `parent` is valid. The default returns `None`, so `sample` is called for every child.
    fn sample_children_of(&self, parent: &SpanContext) -> Option<Record> {
        let _ = parent;
        None
    }

    /// Returns what [`sample`](Sampler::sample) decides about every root of a trace, if that depends on neither the trace id nor
    /// the name nor the kind of the root, sets no tracestate and adds no attributes. Such a root starts without a call of
    /// `sample`, which is cheaper.
    ///
    /// The default returns `None`, which promises nothing.
    fn sample_roots(&self) -> Option<Record> {
        None
    }

    /// Returns the sampler's name and settings for logs, such as `TraceIdRatioBased{0.25}`.
    fn description(&self) -> String;
}

impl<S: Sampler + ?Sized> Sampler for Arc<S> {
    fn sample(&self, input: &SamplingInput<'_>) -> SamplingDecision {
        (**self).sample(input)
    }

    fn sample_children_of(&self, parent: &SpanContext) -> Option<Record> {
        (**self).sample_children_of(parent)
    }

    fn sample_roots(&self) -> Option<Record> {
        (**self).sample_roots()
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

    fn sample_roots(&self) -> Option<Record> {
        (**self).sample_roots()
    }

    fn description(&self) -> String {
        (**self).description()
    }
}

/// The properties of a span that is about to start, on which a [`Sampler`] decides.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct SamplingInput<'a> {
    /// The parent, which is valid. `None` for the root of a trace.
    pub parent: Option<&'a SpanContext>,
    /// The trace that the span belongs to. A root has a new one.
    pub trace_id: TraceId,
    /// The span's name when it starts.
    pub name: &'a str,
    /// The span's kind.
    pub kind: &'a SpanKind,
}

impl<'a> SamplingInput<'a> {
    /// Creates the input for one span. An invalid `parent` is ignored.
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
    /// Neither. The span only propagates its context.
    Drop,
    /// Recorded here but not marked as sampled. Called services do not record the trace. The span is exported only if a
    /// later stage of this process decides so.
    RecordOnly,
    /// Recorded, exported, and marked as sampled for called services.
    RecordAndSample,
}

/// The decision of a [`Sampler`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SamplingDecision {
    /// Whether the span is recorded.
    pub record: Record,
    /// The span's tracestate. `None` keeps the parent's, and leaves a root without one.
    pub trace_state: Option<TraceState>,
    /// Attributes to add to the span. Usually empty.
    pub attributes: Vec<KeyValue>,
}

impl SamplingDecision {
    /// Creates a decision that keeps the parent's tracestate and adds no attributes.
    #[must_use]
    pub const fn new(record: Record) -> Self {
        Self { record, trace_state: None, attributes: Vec::new() }
    }

    /// Sets the tracestate of the span.
    #[must_use]
    pub fn with_trace_state(mut self, trace_state: TraceState) -> Self {
        self.trace_state = Some(trace_state);
        self
    }

    /// Sets the attributes to add to the span.
    #[must_use]
    pub fn with_attributes(mut self, attributes: Vec<KeyValue>) -> Self {
        self.attributes = attributes;
        self
    }
}

impl From<Record> for SamplingDecision {
    /// Like [`SamplingDecision::new`]. Does not allocate.
    fn from(record: Record) -> Self {
        Self::new(record)
    }
}
