//! One wrapped client: starts its spans, reads and writes its messages' headers.

use std::borrow::Cow;
use std::fmt::Write;
use std::sync::Arc;

use opentelemetry::trace::SpanContext;
use opentelemetry::{Context, InstrumentationScope};

use super::attribute::{
    ATTEMPT, CLIENT_ID, CONSUMER_GROUP, DESTINATION_ANONYMOUS, DESTINATION_NAME, DESTINATION_PARTITION,
    DESTINATION_TEMPLATE, DESTINATION_TEMPORARY, OPERATION_NAME, OPERATION_TYPE, SERVER_ADDRESS, SERVER_PORT,
    SYSTEM,
};
#[cfg(feature = "messaging-metrics")]
use super::metrics::Metrics;
use super::{
    Attempt, Batch, Destination, InFlight, MessageView, Operation, OperationType, Origin, Processing,
    Relation, Settings,
};
use crate::Tracer;
use crate::propagation::{Extract, Inject, Propagator};
use crate::span::Recorder;
use crate::stack_text::StackText;

/// Longest name of a span, in bytes; what is longer is cut. Room for an operation and a topic or queue of 255, but not for the
/// longest that AMQP can have: an exchange, a routing key and a queue, of 255 each.
const LONGEST_NAME: usize = 288;

/// Longest message key that is recorded, in bytes.
const LONGEST_KEY: usize = 128;

/// Who takes part in an operation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Peer {
    /// `server.address`: the broker, as it was configured.
    pub address: Option<String>,
    /// `server.port`.
    pub port: Option<u16>,
    /// `messaging.client.id`.
    pub client_id: Option<String>,
    /// `messaging.consumer.group.name`.
    pub consumer_group: Option<String>,
}

impl Peer {
    /// Nothing is known.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the broker.
    #[must_use]
    pub fn server(mut self, address: impl Into<String>, port: Option<u16>) -> Self {
        self.address = Some(address.into());
        self.port = port;
        self
    }

    /// Sets the client's id.
    #[must_use]
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.client_id = Some(id.into());
        self
    }

    /// Sets the consumer's group.
    #[must_use]
    pub fn consumer_group(mut self, group: impl Into<String>) -> Self {
        self.consumer_group = Some(group.into());
        self
    }
}

/// One wrapped client. A clone is cheap.
#[derive(Debug, Clone)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    system: &'static str,
    tracer: Tracer,
    propagator: Propagator,
    settings: Settings,
    peer: Peer,
    /// `address:port`, for names of spans.
    server: Option<String>,
    #[cfg(feature = "messaging-metrics")]
    metrics: Option<Metrics>,
}

/// A destination, and what spans call it.
pub(super) struct Target<'a> {
    destination: Destination<'a>,
    pub(super) template: Option<Cow<'static, str>>,
}

impl Target<'_> {
    /// The name, if there will ever be few of them.
    pub(super) fn lasting_name(&self) -> Option<&str> {
        let Destination { name, is_temporary, is_anonymous, .. } = self.destination;
        (!name.is_empty() && !is_temporary && !is_anonymous).then_some(name)
    }
}

impl Client {
    /// A client of `system`, a value of `messaging.system`, whose wrapper says of itself that it is `scope`.
    #[must_use]
    pub fn new(system: &'static str, scope: InstrumentationScope, settings: Settings, peer: Peer) -> Self {
        #[cfg(feature = "messaging-metrics")]
        let metrics = settings.meter.as_ref().map(|meter| match meter {
            super::settings::Meter::Global => {
                Metrics::new(&opentelemetry::global::meter_with_scope(scope.clone()))
            }
            super::settings::Meter::Given(meter) => Metrics::new(meter),
        });
        let propagator = match (&settings.propagator, &settings.provider) {
            (Some(propagator), _) => propagator.clone(),
            (None, Some(provider)) => provider.propagator().clone(),
            (None, None) => Propagator::global(),
        };
        let tracer = match &settings.provider {
            Some(provider) => provider.tracer_with_scope(scope),
            None => Tracer::global(scope),
        };
        let server = peer.address.as_ref().map(|address| match peer.port {
            Some(port) => format!("{address}:{port}"),
            None => address.clone(),
        });
        Self(Arc::new(Inner {
            system,
            tracer,
            propagator,
            settings,
            peer,
            server,
            #[cfg(feature = "messaging-metrics")]
            metrics,
        }))
    }

    /// What the client was told.
    #[must_use]
    pub fn peer(&self) -> &Peer {
        &self.0.peer
    }

    /// Whether commits and acknowledgements get spans.
    #[must_use]
    pub fn has_settle_spans(&self) -> bool {
        self.0.settings.settle_spans
    }

    /// Reads what a message says about where it came from.
    #[must_use]
    pub fn extract(&self, headers: &dyn Extract) -> Origin {
        let mut extracted = self.0.propagator.extract(headers);
        self.0.settings.baggage.restrict_extracted(&mut extracted.baggage);
        Origin::new(extracted, Attempt::extract(headers))
    }

    /// Starts an operation as a child of the span in `context`. `write` adds attributes if the span is recorded.
    #[inline]
    pub fn start(
        &self,
        operation: &Operation<'_>,
        context: &Context,
        write: impl FnOnce(&mut Recorder<'_>),
    ) -> InFlight {
        self.start_under(operation, context, None, write)
    }

    /// Writes what goes with a message: the span of `sending`, and the baggage of `context`. Stale headers are replaced, or
    /// taken away where there is nothing to put in their place.
    pub fn inject(&self, sending: &InFlight, context: &Context, headers: &mut dyn Inject) {
        let context = self.0.settings.baggage.restrict(context);
        match sending.span() {
            Some(span) => self.0.propagator.inject_span(span.span_context(), &context, headers),
            None => self.0.propagator.inject(&context, headers),
        }
    }

    /// Starts the work on one message of `origin`: a `process` span, related to its sender as the settings say. The span
    /// that is current does not matter.
    pub fn process(
        &self,
        operation: &Operation<'_>,
        origin: &Origin,
        write: impl FnOnce(&mut Recorder<'_>),
    ) -> Processing {
        let parent = match self.0.settings.relation {
            Relation::SameTrace => origin.span_context(),
            Relation::NewTrace => None,
        };
        let in_flight = self.start_under(operation, origin.base(), parent, |span| {
            record_origin(origin, span);
            write(span);
        });
        let context = match in_flight.span() {
            Some(span) => span.in_context(origin.base()),
            None => origin.context(),
        };
        Processing::new(in_flight, context)
    }

    /// Starts the work on many messages at once: one `process` span, below the span that is current, else in a trace of its
    /// own. Each message that is [added](Batch::add) becomes a FollowsFrom link.
    pub fn batch(&self, operation: &Operation<'_>, write: impl FnOnce(&mut Recorder<'_>)) -> Batch {
        let parent = Context::current();
        let in_flight = self.start(operation, &parent, write);
        Batch::new(self.clone(), operation, in_flight, &parent)
    }

    /// Counts messages that were given to the application, in the metrics.
    pub fn consumed(&self, name: &'static str, destination: Destination<'_>, count: u64) {
        #[cfg(feature = "messaging-metrics")]
        if let Some(metrics) = &self.0.metrics
            && self.is_traced(destination.name)
        {
            metrics.consumed(self.0.system, name, &self.target(destination), &self.0.peer, count);
        }
        #[cfg(not(feature = "messaging-metrics"))]
        let _ = (name, destination, count);
    }

    /// The key of a message, as far as spans show it.
    #[must_use]
    pub fn shown_key<'k>(&self, key: Option<&'k [u8]>) -> Option<&'k str> {
        let key = key.filter(|key| !self.0.settings.hides_keys && key.len() <= LONGEST_KEY)?;
        std::str::from_utf8(key).ok()
    }

    /// Calls what [`Settings::on_send`] was given.
    pub fn on_send(&self, message: &MessageView<'_>, span: &mut Recorder<'_>) {
        if let Some(hook) = &self.0.settings.on_send {
            hook(message, span);
        }
    }

    /// Calls what [`Settings::on_process`] was given.
    pub fn on_process(&self, message: &MessageView<'_>, span: &mut Recorder<'_>) {
        if let Some(hook) = &self.0.settings.on_process {
            hook(message, span);
        }
    }

    /// The tracer, for spans that are no operation on messages, such as one around a transaction.
    #[must_use]
    pub fn tracer(&self) -> &Tracer {
        &self.0.tracer
    }

    fn is_traced(&self, destination: &str) -> bool {
        let filter = self.0.settings.filter.as_ref().filter(|_| !destination.is_empty());
        filter.is_none_or(|is_traced| is_traced(destination))
    }

    fn target<'a>(&self, destination: Destination<'a>) -> Target<'a> {
        let template = self.0.settings.template.as_ref().filter(|_| !destination.name.is_empty());
        let template = template.and_then(|template| template(destination.name));
        Target { destination, template }
    }

    #[inline]
    fn start_under(
        &self,
        operation: &Operation<'_>,
        context: &Context,
        remote_parent: Option<&SpanContext>,
        write: impl FnOnce(&mut Recorder<'_>),
    ) -> InFlight {
        if !self.is_traced(operation.destination.name) {
            return InFlight::untraced();
        }
        let target = self.target(operation.destination);
        let name = self.span_name(operation.name, &target);
        let mut span =
            self.0.tracer.span(name.as_str()).with_kind(operation.kind.span_kind()).with_parent(context);
        if let Some(remote_parent) = remote_parent {
            span = span.with_remote_parent(remote_parent);
        }
        let span = span.start_with(|span| {
            self.record(operation, &target, span);
            write(span);
        });
        #[cfg(feature = "messaging-metrics")]
        let measurement = self
            .0
            .metrics
            .as_ref()
            .map(|metrics| Box::new(metrics.start(self.0.system, operation, &target, &self.0.peer)));
        InFlight::new(
            span,
            #[cfg(feature = "messaging-metrics")]
            measurement,
        )
    }

    /// Name and target of the spans of `operation`, for those that are not measured.
    pub(super) fn with_name<R>(
        &self,
        operation: &Operation<'_>,
        then: impl FnOnce(&str, &dyn Fn(&mut Recorder<'_>)) -> R,
    ) -> R {
        let target = self.target(operation.destination);
        let name = self.span_name(operation.name, &target);
        then(name.as_str(), &|span| self.record(operation, &target, span))
    }

    /// `{messaging.operation.name} {destination}` (semantic conventions for messaging spans, section "Span name").
    fn span_name(&self, operation: &str, target: &Target<'_>) -> StackText<LONGEST_NAME> {
        let mut name = StackText::new();
        name.push(operation);
        let destination =
            target.template.as_deref().or_else(|| target.lasting_name()).or(self.0.server.as_deref());
        if let Some(destination) = destination {
            name.push(" ").push(destination);
        }
        name
    }

    /// Sets what all spans have.
    fn record(&self, operation: &Operation<'_>, target: &Target<'_>, span: &mut Recorder<'_>) {
        let Inner { system, peer, .. } = &*self.0;
        span.set(SYSTEM, *system)
            .set(OPERATION_NAME, operation.name)
            .set(OPERATION_TYPE, operation.kind.as_str());
        let destination = &target.destination;
        if !destination.name.is_empty() {
            span.set(DESTINATION_NAME, destination.name);
        }
        span.set_some(DESTINATION_TEMPLATE, target.template.as_deref());
        if destination.is_temporary {
            span.set(DESTINATION_TEMPORARY, true);
        }
        if destination.is_anonymous {
            span.set(DESTINATION_ANONYMOUS, true);
        }
        if let Some(partition) = destination.partition {
            span.set(DESTINATION_PARTITION, decimal(partition).as_str());
        }
        if operation.kind != OperationType::Send {
            span.set_some(CONSUMER_GROUP, peer.consumer_group.as_deref());
        }
        span.set_some(CLIENT_ID, peer.client_id.as_deref());
        if let Some(address) = &peer.address {
            span.set(SERVER_ADDRESS, address).set_some(SERVER_PORT, peer.port);
        }
    }
}

/// Adds the links to the senders of a message, and the number of its attempt.
pub(super) fn record_origin(origin: &Origin, span: &mut Recorder<'_>) {
    for sender in origin.senders() {
        span.add_follows_from(sender);
    }
    let attempt = origin.attempt().number();
    if attempt > 1 {
        span.set(ATTEMPT, attempt);
    }
}

fn decimal(number: i32) -> StackText<11> {
    let mut text = StackText::new();
    // Writing to the stack does not fail.
    let _written = write!(text, "{number}");
    text
}
