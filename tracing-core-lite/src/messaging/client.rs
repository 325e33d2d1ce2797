//! A wrapped client: starts its spans, and reads and writes the context in the headers of its messages.

use std::fmt::Write;
use std::sync::Arc;

use opentelemetry::trace::{SpanContext, TraceContextExt};
use opentelemetry::{Context, InstrumentationScope};

use super::attribute::{
    ATTEMPT, CLIENT_ID, CONSUMER_GROUP, DESTINATION_ANONYMOUS, DESTINATION_NAME, DESTINATION_PARTITION,
    DESTINATION_TEMPLATE, DESTINATION_TEMPORARY, NETWORK_PEER_ADDRESS, NETWORK_PEER_PORT, OPERATION_NAME,
    OPERATION_TYPE, SERVER_ADDRESS, SERVER_PORT, SYSTEM,
};
#[cfg(feature = "messaging-metrics")]
use super::metrics::Metrics;
use super::target::Target;
use super::view::OperationView;
use super::{
    Attempt, Destination, InFlight, MessageView, MessagingOperation, OperationType, Origin, Peer, Relation,
    Settings,
};
use crate::Tracer;
use crate::propagation::boundary::Receiver;
use crate::propagation::{Extract, Inject, Propagator};
use crate::span::Recorder;
use crate::span::prepared::PreparedAttributes;
use crate::stack_text::StackText;

/// The maximum length of a span's name in bytes. Longer names are cut. This has room for an operation and a topic or
/// queue of 255 bytes, but not for an exchange, a routing key and a queue of 255 bytes each, as AMQP allows.
const LONGEST_NAME: usize = 288;

/// The maximum length of a recorded message key in bytes.
const LONGEST_KEY: usize = 128;

/// A wrapped client. Cloning it is cheap.
#[derive(Debug, Clone)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    system: &'static str,
    tracer: Tracer,
    propagator: Propagator,
    settings: Settings,
    peer: Peer,
    /// The attributes and names that all spans of one kind of operation share.
    common: [PreparedAttributes; 4],
    /// `address:port`, for span names.
    server: Option<String>,
    #[cfg(feature = "messaging-metrics")]
    metrics: Option<Metrics>,
}

impl Client {
    /// Creates a client of `system`, a value of `messaging.system`. `scope` names the wrapper.
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
        let common = KINDS.map(|kind| common_attributes(system, kind, &peer));
        Self(Arc::new(Inner {
            system,
            tracer,
            propagator,
            settings,
            peer,
            common,
            server,
            #[cfg(feature = "messaging-metrics")]
            metrics,
        }))
    }

    /// Returns the client and its broker.
    #[must_use]
    pub fn peer(&self) -> &Peer {
        &self.0.peer
    }

    /// Returns whether commits and acknowledgements get spans.
    #[must_use]
    pub fn has_settle_spans(&self) -> bool {
        self.0.settings.settle_spans
    }

    /// Reads the sender of a message from its headers. If the settings have an
    /// [inbound boundary](Settings::with_inbound_boundary), use [`extract_from`](Client::extract_from), since the rules about
    /// destinations cannot be applied here.
    #[must_use]
    pub fn extract(&self, headers: &dyn Extract) -> Origin {
        self.extract_at(None, headers)
    }

    /// Reads the sender of a message from `destination`, a topic or queue, within the trust that the settings allow.
    #[must_use]
    pub fn extract_from(&self, destination: &str, headers: &dyn Extract) -> Origin {
        self.extract_at(Some(destination), headers)
    }

    fn extract_at(&self, destination: Option<&str>, headers: &dyn Extract) -> Origin {
        let mut extracted = self.0.propagator.extract(headers);
        let mut attempt = Attempt::extract(headers);
        if let Some(boundary) = &self.0.settings.inbound {
            let policy = boundary.policy_of_message(destination, headers);
            if !policy.is_trusted() {
                extracted.apply(policy);
                attempt = Attempt::default();
            }
        }
        if self.relation() == Relation::NewTrace {
            extracted.forget_trace();
        }
        self.0.settings.baggage.restrict_extracted(&mut extracted.baggage);
        Origin::new(extracted, attempt)
    }

    /// Starts an operation below the span in `context`. `write` adds attributes if the span is recorded.
    #[inline]
    pub fn start(
        &self,
        operation: &MessagingOperation<'_>,
        context: &Context,
        write: impl FnOnce(&mut Recorder<'_>),
    ) -> InFlight {
        self.start_under(operation, context, None, write)
    }

    /// Writes the span of `sending` and the baggage of `context` to the headers of a message. Stale headers of these names
    /// are replaced or removed. If the settings have an [outbound boundary](Settings::with_outbound_boundary), nothing is
    /// written, since the destination is not known here: use [`inject_to`](Client::inject_to).
    pub fn inject(&self, sending: &InFlight, context: &Context, headers: &mut dyn Inject) {
        self.inject_at(Receiver::Unknown, sending, context, headers);
    }

    /// Like [`inject`](Client::inject), for a message to `destination`, a topic or exchange, within what the settings allow.
    pub fn inject_to(
        &self,
        destination: &str,
        sending: &InFlight,
        context: &Context,
        headers: &mut dyn Inject,
    ) {
        self.inject_at(Receiver::Destination(destination), sending, context, headers);
    }

    fn inject_at(
        &self,
        receiver: Receiver<'_>,
        sending: &InFlight,
        context: &Context,
        headers: &mut dyn Inject,
    ) {
        let context = self.0.settings.baggage.restrict(context);
        let propagator = &self.0.propagator;
        let current = context.span();
        let span_context = sending.span().map_or(current.span_context(), |span| span.span_context());
        let Some(boundary) = &self.0.settings.outbound else {
            return propagator.inject_span(span_context, &context, headers);
        };
        let sent = propagator.inject_within(boundary, receiver, span_context, &context, headers);
        sending.record(|span| {
            sent.record(span);
            span.set_some("service.peer.name", boundary.partner_of(receiver));
        });
    }

    /// Counts messages that were delivered to the application, in the metrics.
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

    /// Returns the key of a message if spans may show it: text of at most 128 bytes, unless the settings hide keys.
    #[must_use]
    pub fn shown_key<'k>(&self, key: Option<&'k [u8]>) -> Option<&'k str> {
        let key = key.filter(|key| !self.0.settings.hides_message_keys && key.len() <= LONGEST_KEY)?;
        std::str::from_utf8(key).ok()
    }

    /// Returns the size of a message's body as spans show it, if the [settings](Settings::with_body_sizes) ask for it.
    #[must_use]
    pub fn shown_body_size(&self, bytes: usize) -> Option<i64> {
        self.0.settings.body_sizes.then(|| i64::try_from(bytes).unwrap_or(i64::MAX))
    }

    /// Calls the hook of [`Settings::with_send_hook`].
    pub fn on_send(&self, message: &MessageView<'_>, span: &mut Recorder<'_>) {
        if let Some(hook) = &self.0.settings.send_hook {
            hook(message, span);
        }
    }

    /// Calls the hook of [`Settings::with_process_hook`].
    pub fn on_process(&self, message: &MessageView<'_>, span: &mut Recorder<'_>) {
        if let Some(hook) = &self.0.settings.process_hook {
            hook(message, span);
        }
    }

    /// Returns the tracer, for spans that are not an operation on messages, such as one around a transaction.
    #[must_use]
    pub fn tracer(&self) -> &Tracer {
        &self.0.tracer
    }

    pub(super) fn relation(&self) -> Relation {
        self.0.settings.relation
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
    pub(super) fn start_under(
        &self,
        operation: &MessagingOperation<'_>,
        context: &Context,
        remote_parent: Option<&SpanContext>,
        write: impl FnOnce(&mut Recorder<'_>),
    ) -> InFlight {
        if !self.is_traced(operation.destination.name) {
            return InFlight::untraced();
        }
        let target = self.target(operation.destination);
        let name = self.span_name(operation.name, &target);
        let view = self.view(operation, &target);
        let mut span =
            self.0.tracer.span(name.as_str()).with_kind(operation.kind.span_kind()).with_parent(context);
        span = span.with_request(&view);
        if let Some(remote_parent) = remote_parent {
            span = span.with_remote_parent(remote_parent);
        }
        let span = span.start_with(|span| {
            self.record(operation, &target, span);
            write(span);
        });
        #[cfg(feature = "messaging-metrics")]
        let measurement = self.0.metrics.as_ref().map(|metrics| {
            Box::new(metrics.start(self.0.system, operation, &target, &self.0.peer, span.span_context()))
        });
        InFlight::new(
            span,
            #[cfg(feature = "messaging-metrics")]
            measurement,
        )
    }

    /// Calls `then` with the name of the spans of `operation`, with what a sampler can ask about it, and with a function
    /// that sets their attributes.
    pub(super) fn with_name<R>(
        &self,
        operation: &MessagingOperation<'_>,
        then: impl FnOnce(&str, &OperationView<'_>, &dyn Fn(&mut Recorder<'_>)) -> R,
    ) -> R {
        let target = self.target(operation.destination);
        let name = self.span_name(operation.name, &target);
        then(name.as_str(), &self.view(operation, &target), &|span| self.record(operation, &target, span))
    }

    fn view<'a>(
        &'a self,
        operation: &'a MessagingOperation<'a>,
        target: &'a Target<'a>,
    ) -> OperationView<'a> {
        OperationView { system: self.0.system, operation, target, peer: &self.0.peer }
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

    /// Sets the attributes that all spans have.
    fn record(&self, operation: &MessagingOperation<'_>, target: &Target<'_>, span: &mut Recorder<'_>) {
        span.set_prepared(&self.0.common[operation.kind as usize]).set(OPERATION_NAME, operation.name);
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
    }
}

/// The kinds of operations, in the order of their discriminants.
const KINDS: [OperationType; 4] =
    [OperationType::Send, OperationType::Receive, OperationType::Process, OperationType::Settle];

/// Returns the attributes that all spans of one kind of operation share. In the conventions, `send` spans have no consumer group,
/// and `process` spans have no network address.
fn common_attributes(system: &'static str, kind: OperationType, peer: &Peer) -> PreparedAttributes {
    let mut common = PreparedAttributes::new();
    common.set(SYSTEM, system).set(OPERATION_TYPE, kind.as_str());
    if kind != OperationType::Send {
        common.set_some(CONSUMER_GROUP, peer.consumer_group.as_deref());
    }
    common.set_some(CLIENT_ID, peer.client_id.as_deref());
    if let Some(address) = &peer.address {
        common.set(SERVER_ADDRESS, address).set_some(SERVER_PORT, peer.port);
    }
    if let Some(network) = peer.network.filter(|_| kind != OperationType::Process) {
        common
            .set(NETWORK_PEER_ADDRESS, network.ip().to_string().as_str())
            .set(NETWORK_PEER_PORT, network.port());
    }
    common
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
    // Writing to the stack never fails.
    let _written = write!(text, "{number}");
    text
}
