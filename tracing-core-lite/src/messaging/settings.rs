//! The settings of a wrapper.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::baggage::BaggageKeys;
use crate::propagation::boundary::{InboundBoundary, OutboundBoundary};
use crate::propagation::{Extract, Propagator};
use crate::provider::TracerProvider;
use crate::span::Recorder;

/// The relation of one message's span to its sender's span. The [module's documentation](super) has a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Relation {
    /// A child of the sender's span in the same trace, with a FollowsFrom link to it.
    #[default]
    SameTrace,
    /// A new trace, with a FollowsFrom link to the sender's span.
    NewTrace,
}

/// A message, as passed to hooks.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct MessageView<'a> {
    /// The name of its destination.
    pub destination: &'a str,
    /// Its key, if the system has message keys.
    pub key: Option<&'a [u8]>,
    /// The size of its body, in bytes.
    pub body_size: usize,
    /// Its headers.
    pub headers: &'a dyn Extract,
}

impl<'a> MessageView<'a> {
    /// Creates a view of a message without a key.
    #[must_use]
    pub fn new(destination: &'a str, body_size: usize, headers: &'a dyn Extract) -> Self {
        Self { destination, key: None, body_size, headers }
    }

    /// Sets the key.
    #[must_use]
    pub fn with_key(mut self, key: Option<&'a [u8]>) -> Self {
        self.key = key;
        self
    }
}

/// Headers are omitted, because they are user data.
impl fmt::Debug for MessageView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageView")
            .field("destination", &self.destination)
            .field("body_size", &self.body_size)
            .finish_non_exhaustive()
    }
}

type Filter = dyn Fn(&str) -> bool + Send + Sync;
type Template = dyn Fn(&str) -> Option<Cow<'static, str>> + Send + Sync;
type Hook = dyn Fn(&MessageView<'_>, &mut Recorder<'_>) + Send + Sync;

/// The settings of a client's wrappers. Create them once and pass a clone, which is cheap, to each wrapper.
///
/// ```
/// use tracing_core_lite::messaging::{Relation, Settings};
///
/// let settings = Settings::new()
///     .with_relation(Relation::NewTrace)
///     .with_baggage_keys(["tenant"])
///     .with_filter(|destination| !destination.starts_with("internal."))
///     .with_send_hook(|message, span| {
///         span.set("shop.message.is_large", message.body_size > 100_000);
///     });
/// # drop(settings);
/// ```
#[derive(Clone, Default)]
pub struct Settings {
    pub(super) provider: Option<TracerProvider>,
    pub(super) propagator: Option<Propagator>,
    pub(super) relation: Relation,
    pub(super) baggage: BaggageKeys,
    pub(super) inbound: Option<Arc<InboundBoundary>>,
    pub(super) outbound: Option<Arc<OutboundBoundary>>,
    pub(super) filter: Option<Arc<Filter>>,
    pub(super) template: Option<Arc<Template>>,
    pub(super) send_hook: Option<Arc<Hook>>,
    pub(super) process_hook: Option<Arc<Hook>>,
    pub(super) hides_message_keys: bool,
    pub(super) body_sizes: bool,
    pub(super) settle_spans: bool,
    #[cfg(feature = "messaging-metrics")]
    pub(super) meter: Option<Meter>,
}

#[cfg(feature = "messaging-metrics")]
#[derive(Debug, Clone)]
pub(super) enum Meter {
    Global,
    Given(opentelemetry::metrics::Meter),
}

impl Settings {
    /// Creates the default settings: [`Relation::SameTrace`], all baggage, every destination, message keys, no body
    /// sizes, no spans for commits and acknowledgements, no metrics. The [installed](TracerProvider::install) provider records the
    /// spans.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the provider that records spans, and whose propagator is used. Defaults to the installed provider.
    #[must_use]
    pub fn with_provider(mut self, provider: &TracerProvider) -> Self {
        self.provider = Some(provider.clone());
        self
    }

    /// Sets the propagator that reads and writes headers. Defaults to that of the provider.
    #[must_use]
    pub fn with_propagator(mut self, propagator: Propagator) -> Self {
        self.propagator = Some(propagator);
        self
    }

    /// Sets the relation of one message's span to its sender's span. Defaults to [`Relation::SameTrace`].
    #[must_use]
    pub fn with_relation(mut self, relation: Relation) -> Self {
        self.relation = relation;
        self
    }

    /// Restricts the baggage in sent and received messages to these keys. Defaults to all baggage. Brokers may keep messages,
    /// and their baggage, for a long time.
    #[must_use]
    pub fn with_baggage_keys<K: Into<String>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.baggage = BaggageKeys::only(keys);
        self
    }

    /// Sets which topics or queues are trusted; all by default. See [`boundary`](crate::propagation::boundary).
    ///
    /// ```
    /// use tracing_core_lite::messaging::Settings;
    /// use tracing_core_lite::propagation::boundary::{InboundBoundary, InboundPolicy};
    ///
    /// let boundary = InboundBoundary::new(InboundPolicy::Trusted)
    ///     .with_destination("partner.*", InboundPolicy::Public);
    /// let settings = Settings::new().with_inbound_boundary(boundary);
    /// # drop(settings);
    /// ```
    #[must_use]
    pub fn with_inbound_boundary(mut self, boundary: InboundBoundary) -> Self {
        self.inbound = Some(Arc::new(boundary));
        self
    }

    /// Sets what messages carry, by topic or exchange; everything by default. Rules are matched with the name that spans have
    /// as `messaging.destination.name`. See [`boundary`](crate::propagation::boundary).
    #[must_use]
    pub fn with_outbound_boundary(mut self, boundary: OutboundBoundary) -> Self {
        self.outbound = Some(Arc::new(boundary));
        self
    }

    /// Sets which destinations get spans and measurements, by name. Defaults to all. Messages of other destinations
    /// still carry their sender's context. Operations without a single destination, such as a batch of several topics,
    /// are always included.
    #[must_use]
    pub fn with_filter(mut self, is_traced: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.filter = Some(Arc::new(is_traced));
        self
    }

    /// Sets a function that returns one name for destinations that differ only in an id, such as `orders.{tenant}`. Spans and
    /// metrics use it as `messaging.destination.template`. For `None`, they use the destination's own name, which is the
    /// default. The function is not called for operations without a single destination.
    #[must_use]
    pub fn with_destination_template(
        mut self,
        template: impl Fn(&str) -> Option<Cow<'static, str>> + Send + Sync + 'static,
    ) -> Self {
        self.template = Some(Arc::new(template));
        self
    }

    /// Sets a hook that adds attributes to recorded `send` spans.
    #[must_use]
    pub fn with_send_hook(
        mut self,
        hook: impl Fn(&MessageView<'_>, &mut Recorder<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.send_hook = Some(Arc::new(hook));
        self
    }

    /// Sets a hook that adds attributes to recorded `process` spans.
    #[must_use]
    pub fn with_process_hook(
        mut self,
        hook: impl Fn(&MessageView<'_>, &mut Recorder<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.process_hook = Some(Arc::new(hook));
        self
    }

    /// Sets whether spans have the message's key if it is text of at most 128 bytes. Defaults to `true`, as the
    /// conventions recommend.
    #[must_use]
    pub fn with_message_keys(mut self, are_recorded: bool) -> Self {
        self.hides_message_keys = !are_recorded;
        self
    }

    /// Sets whether the spans of messages have the size of the body in bytes, as `messaging.message.body.size`. Defaults to
    /// `false`, as the attribute is opt-in in the conventions.
    #[must_use]
    pub fn with_body_sizes(mut self, are_recorded: bool) -> Self {
        self.body_sizes = are_recorded;
        self
    }

    /// Sets whether commits and acknowledgements get spans of type `settle`. Defaults to `false`.
    #[must_use]
    pub fn with_settle_spans(mut self, are_recorded: bool) -> Self {
        self.settle_spans = are_recorded;
        self
    }

    /// Measures `messaging.client.operation.duration`, `messaging.client.sent.messages`,
    /// `messaging.client.consumed.messages` and `messaging.process.duration` with the OpenTelemetry API's global meter
    /// provider at the time a wrapper is created. By default nothing is measured.
    #[cfg(feature = "messaging-metrics")]
    #[must_use]
    pub fn with_metrics(mut self) -> Self {
        self.meter = Some(Meter::Global);
        self
    }

    /// Like [`with_metrics`](Settings::with_metrics), with `meter`.
    #[cfg(feature = "messaging-metrics")]
    #[must_use]
    pub fn with_meter(mut self, meter: &opentelemetry::metrics::Meter) -> Self {
        self.meter = Some(Meter::Given(meter.clone()));
        self
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("relation", &self.relation)
            .field("baggage", &self.baggage)
            .field("hides_message_keys", &self.hides_message_keys)
            .field("body_sizes", &self.body_sizes)
            .field("settle_spans", &self.settle_spans)
            .finish_non_exhaustive()
    }
}
