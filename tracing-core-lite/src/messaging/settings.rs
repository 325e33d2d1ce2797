//! What a wrapper is told.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::baggage::BaggageKeys;
use crate::propagation::{Extract, Propagator};
use crate::provider::TracerProvider;
use crate::span::Recorder;

/// How the span of one message relates to its sender's. The [module's documentation](super) has a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Relation {
    /// A child of the sender's span, in its trace, with a FollowsFrom link to it.
    #[default]
    SameTrace,
    /// A trace of its own, with a FollowsFrom link to the sender's span.
    NewTrace,
}

/// What hooks see of a message.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct MessageView<'a> {
    /// Where it goes to or comes from.
    pub destination: &'a str,
    /// Its key, if the system has such.
    pub key: Option<&'a [u8]>,
    /// Bytes of its body.
    pub body_size: usize,
    /// Its headers.
    pub headers: &'a dyn Extract,
}

impl<'a> MessageView<'a> {
    /// A message without a key.
    #[must_use]
    pub fn new(destination: &'a str, body_size: usize, headers: &'a dyn Extract) -> Self {
        Self { destination, key: None, body_size, headers }
    }

    /// Sets the key.
    #[must_use]
    pub fn key(mut self, key: Option<&'a [u8]>) -> Self {
        self.key = key;
        self
    }
}

/// Not the headers: they are the user's data.
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

/// What the wrappers of one client are told: made once, given to each of them. A clone is cheap.
///
/// ```
/// use tracing_core_lite::messaging::{Relation, Settings};
///
/// let settings = Settings::new()
///     .relation(Relation::NewTrace)
///     .baggage_keys(["tenant"])
///     .filter(|destination| !destination.starts_with("internal."))
///     .on_send(|message, span| {
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
    pub(super) filter: Option<Arc<Filter>>,
    pub(super) template: Option<Arc<Template>>,
    pub(super) on_send: Option<Arc<Hook>>,
    pub(super) on_process: Option<Arc<Hook>>,
    pub(super) hides_keys: bool,
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
    /// The defaults: [`Relation::SameTrace`], all baggage, every destination, message keys recorded, no spans for commits and
    /// acknowledgements, no metrics; recorded with the provider that is [installed](TracerProvider::install).
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Records with `provider`, and propagates as it does, whatever is installed.
    #[must_use]
    pub fn provider(mut self, provider: &TracerProvider) -> Self {
        self.provider = Some(provider.clone());
        self
    }

    /// Sets the headers that are read and written; by default those of the provider.
    #[must_use]
    pub fn propagator(mut self, propagator: Propagator) -> Self {
        self.propagator = Some(propagator);
        self
    }

    /// Sets how the span of one message relates to its sender's; [`Relation::SameTrace`] by default.
    #[must_use]
    pub fn relation(mut self, relation: Relation) -> Self {
        self.relation = relation;
        self
    }

    /// Lets only baggage of these keys into messages and out of them; all by default. Brokers keep messages, and with them
    /// the baggage, for long.
    #[must_use]
    pub fn baggage_keys<K: Into<String>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.baggage = BaggageKeys::only(keys);
        self
    }

    /// Says which destinations get spans and measurements, by name; all by default. Messages of the others still carry the
    /// context of whoever sent them. What has no one destination, such as a batch over several topics, passes unasked.
    #[must_use]
    pub fn filter(mut self, is_traced: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.filter = Some(Arc::new(is_traced));
        self
    }

    /// Gives destinations that differ only in some id one name for spans and metrics, `messaging.destination.template`: from
    /// the destination's name, or `None` when that is good enough. None have one by default. It is not asked about what has no
    /// one destination.
    #[must_use]
    pub fn destination_template(
        mut self,
        template: impl Fn(&str) -> Option<Cow<'static, str>> + Send + Sync + 'static,
    ) -> Self {
        self.template = Some(Arc::new(template));
        self
    }

    /// Adds attributes of your own to recorded `send` spans.
    #[must_use]
    pub fn on_send(
        mut self,
        hook: impl Fn(&MessageView<'_>, &mut Recorder<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.on_send = Some(Arc::new(hook));
        self
    }

    /// Adds attributes of your own to recorded `process` spans.
    #[must_use]
    pub fn on_process(
        mut self,
        hook: impl Fn(&MessageView<'_>, &mut Recorder<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.on_process = Some(Arc::new(hook));
        self
    }

    /// Leaves message keys out of spans. They are recorded by default, as the conventions recommend, when they are text of at
    /// most 128 bytes.
    #[must_use]
    pub fn hide_message_keys(mut self) -> Self {
        self.hides_keys = true;
        self
    }

    /// Makes spans for commits and acknowledgements (`settle`); none by default.
    #[must_use]
    pub fn settle_spans(mut self) -> Self {
        self.settle_spans = true;
        self
    }

    /// Measures `messaging.client.operation.duration`, `messaging.client.sent.messages`,
    /// `messaging.client.consumed.messages` and `messaging.process.duration` with the meter provider that is set for the
    /// OpenTelemetry API when a wrapper is made; nothing is measured by default.
    #[cfg(feature = "messaging-metrics")]
    #[must_use]
    pub fn with_metrics(mut self) -> Self {
        self.meter = Some(Meter::Global);
        self
    }

    /// As [`with_metrics`](Settings::with_metrics), with `meter`.
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
            .field("hides_keys", &self.hides_keys)
            .field("settle_spans", &self.settle_spans)
            .finish_non_exhaustive()
    }
}
