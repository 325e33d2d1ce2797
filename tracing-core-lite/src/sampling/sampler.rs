//! The trait that samplers implement.

use std::fmt::{self, Debug, Formatter};
use std::net::IpAddr;
use std::sync::Arc;

use opentelemetry::baggage::BaggageExt;
use opentelemetry::trace::{SpanContext, SpanKind, TraceId, TraceState};
use opentelemetry::{Context, KeyValue};

use super::consistent::{OT, OtTraceState, Randomness, Threshold};
use super::{AttributeValue, RequestView};

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
    /// The default returns `None`, so `sample` is called for every root.
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
    service_name: &'a str,
    context: Option<&'a Context>,
    request: Option<Request<'a>>,
}

/// A view. Views need not implement `Debug`.
#[derive(Clone, Copy)]
struct Request<'a>(&'a dyn RequestView);

impl Debug for Request<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("RequestView")
    }
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
        let parent = parent.filter(|parent| parent.is_valid());
        Self { parent, trace_id, name, kind, service_name: "", context: None, request: None }
    }

    /// Creates the input for a span that is about to start, whose parent is valid. Every root that is sampled by ratio makes
    /// one, so it is written in place.
    #[inline(always)]
    pub(crate) fn of_start(
        parent: Option<&'a SpanContext>,
        trace_id: TraceId,
        (name, kind): (&'a str, &'a SpanKind),
        service_name: &'a str,
        context: &'a Context,
        request: Option<&'a dyn RequestView>,
    ) -> Self {
        let context = Some(context);
        Self { parent, trace_id, name, kind, service_name, context, request: request.map(Request) }
    }

    /// Sets the name of the service, `service.name` of its resource.
    #[must_use]
    pub fn with_service_name(mut self, service_name: &'a str) -> Self {
        self.service_name = service_name;
        self
    }

    /// Sets the context that the span starts in, whose baggage a sampler may read.
    #[must_use]
    pub fn with_context(mut self, context: &'a Context) -> Self {
        self.context = Some(context);
        self
    }

    /// Sets the view of the request that the span is for.
    #[must_use]
    pub fn with_request(mut self, request: &'a dyn RequestView) -> Self {
        self.request = Some(Request(request));
        self
    }

    /// Returns the name of the service that the span belongs to, empty if it is not known.
    #[must_use]
    pub fn service_name(&self) -> &'a str {
        self.service_name
    }

    /// Returns an attribute that the span starts with. `None` if it has none of this name, or if what starts the span
    /// tells the sampler no attributes. See [`RequestView::attribute`].
    #[must_use]
    pub fn attribute(&self, key: &str) -> Option<AttributeValue<'a>> {
        self.request?.0.attribute(key)
    }

    /// Returns the first value of a header of the request. `name` is in lower case. See [`RequestView::header`].
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'a [u8]> {
        self.request?.0.header(name)
    }

    /// Returns the address of the peer that sent the request. See [`RequestView::peer`].
    #[must_use]
    pub fn peer(&self) -> Option<IpAddr> {
        self.request?.0.peer()
    }

    /// Returns the value of a member of the baggage.
    #[must_use]
    pub fn baggage(&self, key: &str) -> Option<&'a str> {
        Some(self.context?.baggage().get(key)?.as_str())
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

impl SamplingDecision {
    /// Returns the decision of a consistent sampler: the span is sampled if the randomness of its trace passes
    /// `threshold`. A sampled span sends the threshold on as `ot=th:…`, and an unsampled one removes that of its parent.
    /// The rest of tracestate is kept.
    ///
    /// Source: OpenTelemetry specification, "TraceState: Probability Sampling".
    #[must_use]
    pub fn by_threshold(threshold: Threshold, input: &SamplingInput<'_>) -> Self {
        Self::consistent(threshold, input, |parent| {
            let mut ot = OtTraceState::default();
            ot.set_threshold(Some(threshold));
            ot.put_into(parent)
        })
    }

    /// `add_member` returns the tracestate of a sampled span whose parent's has no `ot` member.
    #[inline]
    pub(super) fn consistent(
        threshold: Threshold,
        input: &SamplingInput<'_>,
        add_member: impl FnOnce(&TraceState) -> TraceState,
    ) -> Self {
        let parent = input.parent.map_or(&TraceState::NONE, |parent| parent.trace_state());
        let member = parent.get(OT);
        let mut ot = member.map(OtTraceState::read);
        let randomness = ot.as_ref().and_then(OtTraceState::randomness);
        let sampled =
            threshold.samples(randomness.unwrap_or_else(|| Randomness::from_trace_id(input.trace_id)));
        let trace_state = match &mut ot {
            None => sampled.then(|| add_member(parent)),
            Some(ot) => {
                ot.set_threshold(sampled.then_some(threshold));
                let changed = ot.to_string();
                (member != Some(changed.as_str())).then(|| ot.put_into(parent))
            }
        };
        let record = if sampled { Record::RecordAndSample } else { Record::Drop };
        Self { record, trace_state, attributes: Vec::new() }
    }
}

impl From<Record> for SamplingDecision {
    /// Like [`SamplingDecision::new`]. Does not allocate.
    fn from(record: Record) -> Self {
        Self::new(record)
    }
}
