//! Calls that reach this process.

use opentelemetry::trace::{SpanContext, SpanKind, TraceContextExt};
use opentelemetry::{Context, InstrumentationScope};

use super::span::Side;
use super::{Call, Conventions, RpcSpan};
use crate::propagation::boundary::{InboundBoundary, Sender};
use crate::propagation::{Extract, Propagator};
use crate::{Tracer, TracerProvider};

/// Starts the spans of calls that one server receives.
///
/// A clone copies the settings. Put the server into an `Arc` to share it.
#[derive(Debug, Clone)]
pub struct Server {
    system: &'static str,
    scope: InstrumentationScope,
    tracer: Tracer,
    propagator: Propagator,
    conventions: Conventions,
    inbound: Option<InboundBoundary>,
}

impl Server {
    /// Creates a server of the protocol `system`, a value of `rpc.system.name` such as `jsonrpc` or a name of your own.
    ///
    /// `scope` names the instrumentation. Spans go to the [installed](TracerProvider::install) provider, and to that of the
    /// OpenTelemetry API if there is none. Attribute names are those that the [environment](Conventions::from_env) selects.
    #[must_use]
    pub fn new(system: &'static str, scope: InstrumentationScope) -> Self {
        Self {
            system,
            tracer: Tracer::global(scope.clone()),
            scope,
            propagator: Propagator::global(),
            conventions: Conventions::from_env(),
            inbound: None,
        }
    }

    /// Sets the provider that records spans and whose propagator is used. Defaults to the installed provider.
    #[must_use]
    pub fn with_provider(mut self, provider: &TracerProvider) -> Self {
        self.tracer = provider.tracer_with_scope(self.scope.clone());
        self.propagator = provider.propagator().clone();
        self
    }

    /// Sets the propagator that reads the context. Defaults to that of the provider.
    #[must_use]
    pub fn with_propagator(mut self, propagator: Propagator) -> Self {
        self.propagator = propagator;
        self
    }

    /// Sets which callers are trusted, by their headers and by the [peer](Call::with_peer) of the call; all by default. See
    /// [`boundary`](crate::propagation::boundary).
    #[must_use]
    pub fn with_inbound_boundary(mut self, boundary: InboundBoundary) -> Self {
        self.inbound = Some(boundary);
        self
    }

    /// Sets the names that attributes have.
    #[must_use]
    pub fn with_conventions(mut self, conventions: Conventions) -> Self {
        self.conventions = conventions;
        self
    }

    /// Reads the context of the caller from `carrier`, and starts the span of `call`.
    ///
    /// The span continues the trace of the caller, or starts a trace if `carrier` has no valid context. Values of the current
    /// context stay, and the caller's baggage is added to them. The current span becomes the parent only if it belongs to the
    /// trace of the caller, as a span of an outer layer does: a span around the server's accept loop does not become the
    /// parent of every call.
    pub fn start(&self, call: &Call<'_>, carrier: &dyn Extract) -> RpcSpan {
        let current = call.parent.cloned().unwrap_or_else(Context::current);
        let mut extracted = self.propagator.extract(carrier);
        if let Some(boundary) = &self.inbound {
            let sender = Sender::new(carrier).with_peer(call.peer.map(|peer| peer.ip()));
            extracted.apply(boundary.policy_of(&sender));
        }
        let caller = extracted.span_context.clone();
        let outer = current.span().span_context().clone();
        let is_outer_of_call = caller.as_ref().is_some_and(|caller| caller.trace_id() == outer.trace_id());
        let parent = if is_outer_of_call { outer } else { caller.unwrap_or(SpanContext::NONE) };
        let context = extracted.add_to(&current);
        let name = call.span_name(self.system);
        let builder = self
            .tracer
            .span(name)
            .with_kind(SpanKind::Server)
            .with_parent(&context)
            .with_remote_parent(&parent);
        let span = builder.start_with(|span| call.record(span, self.system, self.conventions));
        RpcSpan::new(span, &context, Side::Server)
    }
}
