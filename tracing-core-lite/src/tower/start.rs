//! From the headers of a request to its span, in one pass.

use std::cell::Cell;
use std::fmt;
use std::sync::LazyLock;

use http::{Extensions, HeaderMap};
use opentelemetry::baggage::{Baggage, BaggageExt};
use opentelemetry::trace::{SpanContext, SpanKind, TraceContextExt, TraceFlags, TraceState};
use opentelemetry::{Context, InstrumentationScope};

use super::request_context::RequestContext;
use crate::context::is_suppressed;
use crate::cost::Section;
use crate::ids;
use crate::layer_support::HeaderScan;
use crate::propagation::boundary::{InboundPolicy, OutboundPolicy, Sent};
use crate::propagation::received::Received;
use crate::propagation::{Inject, Propagator};
use crate::sampling::{AttributeValue, Record, RequestView};
use crate::span::source::{Resolved, SpanSource};
use crate::span::{Recorder, SpanBuilder, SpanName};
use crate::{Span, Tracer, TracerProvider};

/// What a layer records and propagates with.
///
/// Each request asks it once, with [`start`](Source::start): provider, propagator, parent and sampling decision are
/// resolved in one pass.
#[derive(Debug, Clone)]
pub struct Source {
    tracer: Tracer,
    /// `None`: that of the installed provider.
    propagator: Option<Propagator>,
}

/// The propagator while no provider is installed.
static OPENTELEMETRY: LazyLock<Propagator> = LazyLock::new(Propagator::opentelemetry_global);

impl Source {
    /// Creates a source that uses the [installed](TracerProvider::install) provider and its propagator. While none is
    /// installed, it uses the global provider and propagator of the OpenTelemetry API.
    #[must_use]
    pub fn installed(scope: InstrumentationScope) -> Self {
        Self { tracer: Tracer::global(scope), propagator: None }
    }

    /// Creates a source that uses `provider` and its propagator.
    #[must_use]
    pub fn of_provider(provider: &TracerProvider, scope: InstrumentationScope) -> Self {
        Self { tracer: provider.tracer_with_scope(scope), propagator: Some(provider.propagator().clone()) }
    }

    /// Replaces the propagator.
    #[must_use]
    pub fn with_propagator(mut self, propagator: Propagator) -> Self {
        self.propagator = Some(propagator);
        self
    }

    /// Looks up the provider and the propagator, and passes them to `visit`.
    #[inline]
    pub fn start<R>(&self, visit: impl FnOnce(&Start<'_>) -> R) -> R {
        let section = Section::begin();
        let source = self.tracer.source();
        source.resolve_with_propagator(|resolved, installed| {
            let propagator = self.propagator.as_ref().or(installed).unwrap_or_else(|| &OPENTELEMETRY);
            let start = Start { source, resolved, propagator, is_recorded: Cell::new(true) };
            let visited = visit(&start);
            if let Resolved::Engine(engine, _) = start.resolved {
                section.end_start(engine.account(), || start.is_recorded.get());
            }
            visited
        })
    }
}

/// The provider and the propagator of one request.
pub struct Start<'a> {
    source: &'a SpanSource,
    resolved: Resolved<'a>,
    propagator: &'a Propagator,
    /// Whether the span is recorded, as far as is known.
    is_recorded: Cell<bool>,
}

impl fmt::Debug for Start<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Start").field("propagator", self.propagator).finish_non_exhaustive()
    }
}

/// Where a request comes from.
#[derive(Debug)]
#[non_exhaustive]
pub struct Origin {
    /// The parent of the request's span. `None` if the request starts a trace.
    pub parent: Option<SpanContext>,
    /// The values and the baggage of the request. Its span means nothing unless it is the parent.
    pub base: Context,
    /// Whether the sender is not trusted. The layer then [removes](Start::remove_context) the sender's headers from the
    /// request.
    pub is_bounded: bool,
}

/// How the sampling of a request's span is decided, as far as is known before the span has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// The parent has decided.
    ByParent(Record),
    /// The sampler decides.
    BySampler,
    /// The request says more than its sampled flag, or its sender is not trusted.
    ByRequest,
    /// The provider of the OpenTelemetry API decides.
    ByApi,
    /// Nothing is recorded.
    Off,
}

impl Origin {
    /// Returns whether the headers of the request do not say what the parent is. If so, the layer leaves a
    /// [`RequestContext`] in the request.
    #[inline]
    #[must_use]
    pub fn is_new_trace(&self) -> bool {
        self.parent.is_none() || self.is_bounded
    }
}

impl Start<'_> {
    /// Finds the parent of a request that a server has received.
    ///
    /// The values and the baggage of the current context are kept, and what the headers carry is added to them. The
    /// current span is the parent only if it belongs to this request: if an outer layer left its context in the
    /// request's extensions, or if its trace is the one that the headers name. Otherwise the sender's span is the
    /// parent. A span that is current around the server's accept loop therefore never is.
    ///
    /// `fallback` is asked for the sender's span if the propagator finds none.
    #[inline]
    #[must_use]
    pub fn server_origin(
        &self,
        headers: &HeaderScan<'_>,
        extensions: &Extensions,
        fallback: impl FnOnce(&HeaderScan<'_>) -> Option<SpanContext>,
    ) -> Origin {
        let current = Context::current();
        // Most requests carry a `traceparent` and nothing else, and arrive outside of any span.
        if !current.has_active_span()
            && let Some(parent) = self.propagator.lone_parent(headers)
        {
            let parent = Some(parent.with_trace_state(TraceState::NONE));
            return Origin { parent, base: current, is_bounded: false };
        }
        let (current, outer) = request_base(current, extensions);
        let has_baggage = !current.baggage().is_empty();
        let mut extracted = self.propagator.extract_headers(headers, current.clone());
        if extracted.span_context.is_none() {
            extracted.span_context = fallback(headers);
        }
        let parent = match (outer, &extracted.span_context) {
            (Some(outer), _) => Some(outer),
            (None, Some(sender)) if current.has_active_span() => {
                let current = current.span().span_context().clone();
                Some(if current.trace_id() == sender.trace_id() { current } else { sender.clone() })
            }
            (None, sender) => sender.clone(),
        };
        if has_baggage {
            extracted.baggage = merged(current.baggage(), extracted.baggage.take());
        }
        Origin { parent, base: extracted.base_with_sender(), is_bounded: false }
    }

    /// Like [`server_origin`](Start::server_origin), for a sender that is trusted as `policy` says.
    ///
    /// If an outer layer has handled the request, its span is the parent, and the headers are ignored unless the sender is
    /// trusted. While another SDK records, a partner's request starts a new trace, because that SDK cannot be asked to decide
    /// about a trace that continues.
    #[inline]
    #[must_use]
    pub fn server_origin_by(
        &self,
        policy: &InboundPolicy,
        headers: &HeaderScan<'_>,
        extensions: &Extensions,
        fallback: impl FnOnce(&HeaderScan<'_>) -> Option<SpanContext>,
    ) -> Origin {
        if policy.is_trusted() {
            return self.server_origin(headers, extensions, fallback);
        }
        self.bounded_origin(policy, headers, extensions, fallback(headers))
    }

    #[inline(never)]
    fn bounded_origin(
        &self,
        policy: &InboundPolicy,
        headers: &HeaderScan<'_>,
        extensions: &Extensions,
        fallback: Option<SpanContext>,
    ) -> Origin {
        let (current, outer) = request_base(Context::current(), extensions);
        if outer.is_some() {
            return Origin { parent: outer, base: current, is_bounded: true };
        }
        let current = match current.has_active_span() {
            true => current.with_remote_span_context(SpanContext::NONE),
            false => current,
        };
        let mut extracted = self.propagator.extract_headers(headers, Context::new());
        extracted.span_context = extracted.span_context.take().or(fallback);
        match self.resolved {
            Resolved::Global(_) => extracted.apply(&InboundPolicy::Public),
            Resolved::Engine(..) => extracted.apply(policy),
        }
        let parent = extracted.span_context.clone();
        let accepted = extracted.baggage.take();
        extracted.baggage = merged(current.baggage(), accepted);
        extracted.set_base(current);
        Origin { parent, base: extracted.base_context(), is_bounded: true }
    }

    /// Scans the headers of a request for what the propagator and the layers read.
    #[inline]
    #[must_use]
    pub fn scan<'h>(&self, headers: &'h HeaderMap) -> HeaderScan<'h> {
        self.propagator.scan(headers)
    }

    /// Removes the headers with trace context and baggage, in whichever format, of a sender that is not trusted.
    pub fn remove_context(&self, headers: &mut HeaderMap) {
        self.propagator.remove_context(headers);
    }

    /// Returns the context of a request that a client is about to send: the current one, or the one that a
    /// [`CarryContextLayer`](super::CarryContextLayer) put into the request, which is taken out of it.
    #[inline]
    #[must_use]
    pub fn client_origin(&self, extensions: &mut Extensions) -> Context {
        let current = Context::current();
        if extensions.is_empty() {
            return current;
        }
        match extensions.remove::<RequestContext>() {
            Some(carried) if !is_same_trace(&current, carried.context()) => carried.context().clone(),
            _ => current,
        }
    }

    /// Asks the sampler about the children of `parent`.
    #[inline]
    #[must_use]
    pub fn decide(&self, parent: Option<&SpanContext>, base: &Context) -> Decision {
        let Resolved::Engine(engine, _) = &self.resolved else { return Decision::ByApi };
        if engine.is_off() || is_suppressed(base) {
            return Decision::Off;
        }
        let parent = parent.filter(|parent| parent.is_valid());
        if Received::of(base, parent).is_some() {
            return Decision::ByRequest;
        }
        parent
            .and_then(|parent| engine.sampler().sample_children_of(parent))
            .map_or(Decision::BySampler, Decision::ByParent)
    }

    /// Returns `base` with an unrecorded child of `parent` as the current span.
    #[inline]
    #[must_use]
    pub fn unrecorded_child(&self, parent: &SpanContext, base: &Context) -> Context {
        self.is_recorded.set(false);
        if let Resolved::Engine(engine, _) = &self.resolved {
            engine.count_started(Record::Drop, Some(parent));
        }
        base.with_remote_span_context(crate::span::new_context::unchanged_child(parent, Record::Drop))
    }

    /// Returns the context of a request that a filter excludes.
    #[cold]
    #[must_use]
    pub fn excluded(&self, parent: Option<&SpanContext>, base: &Context) -> Context {
        match parent.filter(|parent| parent.is_valid()) {
            Some(parent) if base.span().span_context() == parent => base.clone(),
            Some(parent) => base.with_remote_span_context(parent.clone()),
            None => base.with_remote_span_context(SpanContext::new(
                ids::trace_id(),
                ids::span_id(),
                TraceFlags::NOT_SAMPLED,
                false,
                TraceState::NONE,
            )),
        }
    }

    /// Starts a span, and lets `write` set its first attributes if it is recorded.
    #[inline]
    pub fn span<'n>(
        &self,
        name: impl Into<SpanName<'n>>,
        kind: SpanKind,
        origin: (Option<&SpanContext>, &Context),
        decision: Decision,
        write: impl FnOnce(&mut Recorder<'_>),
    ) -> Span {
        self.span_of_request(|| NoRequest, name, kind, origin, decision, write)
    }

    /// Like [`span`](Start::span). If the sampler is asked, it can ask the view that `request` makes about attributes, headers
    /// and the peer.
    #[inline]
    pub fn span_of_request<'n, V: RequestView>(
        &self,
        request: impl FnOnce() -> V,
        name: impl Into<SpanName<'n>>,
        kind: SpanKind,
        origin: (Option<&SpanContext>, &Context),
        decision: Decision,
        write: impl FnOnce(&mut Recorder<'_>),
    ) -> Span {
        let (parent, base) = origin;
        let span_context = parent.unwrap_or(&SpanContext::NONE);
        let builder =
            SpanBuilder::new(self.source, name.into()).with_kind(kind).with_remote_parent(span_context);
        match (&self.resolved, decision) {
            (Resolved::Engine(engine, scope), Decision::ByParent(record)) => {
                builder.start_child(engine, *scope, span_context, record, write)
            }
            (Resolved::Engine(engine, scope), Decision::BySampler) => {
                let parent = parent.filter(|parent| parent.is_valid());
                let span = builder.start_sampled_of((engine, *scope), parent, base, request, write);
                self.is_recorded.set(span.is_recording());
                span
            }
            (Resolved::Engine(engine, scope), Decision::ByRequest) => {
                let request = request();
                let builder = builder.with_request(&request);
                let parent = parent.filter(|parent| parent.is_valid());
                match Received::of(base, parent) {
                    Some(received) => builder.start_received(engine, *scope, (parent, base), received, write),
                    None => builder.start_by_sampler(engine, *scope, parent, base, write),
                }
            }
            (Resolved::Engine(..), Decision::Off | Decision::ByApi) => {
                Span::not_recording(span_context.clone())
            }
            (Resolved::Global(tracer), _) => builder.start_foreign(tracer, base, write),
        }
    }

    /// Writes `span_context`, and what else of `base` the propagator carries, to the headers of a request.
    #[inline]
    pub fn inject(&self, span_context: &SpanContext, base: &Context, carrier: &mut dyn Inject) {
        self.propagator.inject_span(span_context, base, carrier);
    }

    /// Like [`inject`](Start::inject), within what `policy` allows.
    pub fn inject_as(
        &self,
        policy: OutboundPolicy,
        span_context: &SpanContext,
        base: &Context,
        carrier: &mut dyn Inject,
    ) -> Sent {
        self.propagator.inject_as(policy, span_context, base, carrier)
    }
}

/// A request of which nothing is known.
struct NoRequest;

impl RequestView for NoRequest {
    fn attribute(&self, _key: &str) -> Option<AttributeValue<'_>> {
        None
    }
}

/// The context that a request runs in, and its parent if an outer layer has left its context in the request.
fn request_base(current: Context, extensions: &Extensions) -> (Context, Option<SpanContext>) {
    let Some(outer) = RequestContext::of(extensions).filter(|outer| outer.span().span_context().is_valid())
    else {
        return (current, None);
    };
    // The current span may be a deeper one, of middleware between the two layers.
    let base = if is_same_trace(&current, outer) { current } else { outer.clone() };
    let parent = base.span().span_context().clone();
    (base, Some(parent))
}

fn is_same_trace(current: &Context, other: &Context) -> bool {
    let current = current.span().span_context().clone();
    current.is_valid() && current.trace_id() == other.span().span_context().trace_id()
}

/// The entries of both. Where both have a key, what the current context says stays: middleware may have changed it.
fn merged(current: &Baggage, received: Option<Baggage>) -> Option<Baggage> {
    let mut baggage = received?;
    for (key, (value, metadata)) in current {
        baggage.insert_with_metadata(key.clone(), value.clone(), metadata.clone());
    }
    Some(baggage)
}
