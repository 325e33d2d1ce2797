//! Calls that leave this process.

use opentelemetry::trace::SpanKind;
use opentelemetry::{Context, InstrumentationScope};

use super::attribute::{SERVER_ADDRESS, SERVER_PORT};
use super::span::Side;
use super::{Call, Conventions, RpcSpan};
use crate::propagation::boundary::{OutboundBoundary, Receiver};
use crate::propagation::{Inject, Propagator};
use crate::{Tracer, TracerProvider};

/// Starts the spans of calls to one server.
///
/// A clone copies the settings. Put the client into an `Arc` to share it.
#[derive(Debug, Clone)]
pub struct Client {
    system: &'static str,
    scope: InstrumentationScope,
    tracer: Tracer,
    propagator: Propagator,
    conventions: Conventions,
    server: Option<(String, Option<u16>)>,
    outbound: Option<OutboundBoundary>,
}

impl Client {
    /// Creates a client of the protocol `system`, a value of `rpc.system.name` such as `jsonrpc` or a name of your own.
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
            server: None,
            outbound: None,
        }
    }

    /// Sets the provider that records spans and whose propagator is used. Defaults to the installed provider.
    #[must_use]
    pub fn with_provider(mut self, provider: &TracerProvider) -> Self {
        self.tracer = provider.tracer_with_scope(self.scope.clone());
        self.propagator = provider.propagator().clone();
        self
    }

    /// Sets the propagator that writes the context. Defaults to that of the provider.
    #[must_use]
    pub fn with_propagator(mut self, propagator: Propagator) -> Self {
        self.propagator = propagator;
        self
    }

    /// Sets the server that is called (`server.address`, `server.port`); not recorded by default.
    #[must_use]
    pub fn with_server(mut self, address: impl Into<String>, port: impl Into<Option<u16>>) -> Self {
        self.server = Some((address.into(), port.into()));
        self
    }

    /// Sets what calls carry, by the [server](Self::with_server) that is called; everything by default. With a boundary and
    /// without a server, nothing is sent. See [`boundary`](crate::propagation::boundary).
    #[must_use]
    pub fn with_outbound_boundary(mut self, boundary: OutboundBoundary) -> Self {
        self.outbound = Some(boundary);
        self
    }

    /// Sets the names that attributes have.
    #[must_use]
    pub fn with_conventions(mut self, conventions: Conventions) -> Self {
        self.conventions = conventions;
        self
    }

    /// Starts the span of `call`, and writes its context into `carrier`, where it replaces an older one.
    ///
    /// The context is written even if the span is not recorded, so that the server learns the sampling decision.
    pub fn start(&self, call: &Call<'_>, carrier: &mut dyn Inject) -> RpcSpan {
        let parent = call.parent.cloned().unwrap_or_else(Context::current);
        let name = call.span_name(self.system);
        let span =
            self.tracer.span(name).with_kind(SpanKind::Client).with_parent(&parent).start_with(|span| {
                call.record(span, self.system, self.conventions);
                if let Some((address, port)) = &self.server {
                    span.set(SERVER_ADDRESS, address).set_some(SERVER_PORT, *port);
                }
            });
        match &self.outbound {
            None => self.propagator.inject_span(span.span_context(), &parent, carrier),
            Some(boundary) => {
                let server = self.server.as_ref();
                let receiver = server.map_or(Receiver::Unknown, |(host, port)| Receiver::Host(host, *port));
                let sent =
                    self.propagator.inject_within(boundary, receiver, span.span_context(), &parent, carrier);
                span.record(|span| {
                    sent.record(span);
                    span.set_some("service.peer.name", boundary.partner_of(receiver));
                });
            }
        }
        RpcSpan::new(span, &parent, Side::Client)
    }
}
