//! The work on many messages at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, TraceContextExt};

use super::attribute::{BATCH_BODY_SIZE, BATCH_FAILED, BATCH_MESSAGE_COUNT, BATCH_PROCESSED, BATCH_SKIPPED};
use super::{Client, InFlight, Item, Operation, OperationType, Origin};
use crate::span::Recorder;

/// The share of a batch's items that get a span of their own: 1 %.
pub const DEFAULT_ITEM_RATIO: f64 = 0.01;

/// The work on many messages at once, under one `process` span that ends when this is dropped.
///
/// The span has a FollowsFrom link for each message that is added, up to the span limit for links (128 by default, see
/// [`SpanLimits`](crate::span::SpanLimits)); the number of those beyond is in the span's `dropped_links_count`. At the end it
/// gets summary counts: `messaging.batch.message_count`, and of ours `messaging.batch.processed_count`, `.failed_count`,
/// `.skipped_count` and `.body.size`.
///
/// [Items](Batch::item) may get spans below it: a share of them, and all that fail. Only the batch is measured. What a batch
/// holds in memory does not grow with the number of its items.
///
/// ```
/// use tracing_core_lite::messaging::{Client, Destination, Operation, OperationType, Peer, Settings};
/// use tracing_core_lite::{InstrumentationScope, TracerProvider};
///
/// # fn store(_: &str) -> Result<(), std::io::Error> { Ok(()) }
/// # let provider = TracerProvider::builder().build()?;
/// let settings = Settings::new().provider(&provider);
/// let client = Client::new("nats", InstrumentationScope::builder("my-nats").build(), settings, Peer::new());
/// let received = [(vec![("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")], "body")];
///
/// let operation = Operation::new(OperationType::Process, Destination::new("orders.created"));
/// let mut batch = client.batch(&operation, |_| {});
/// for (headers, body) in &received {
///     let origin = client.extract(headers);
///     batch.add(&origin, body.len());
///     let item = batch.item(&origin);
///     match store(body) {
///         Ok(()) => item.processed(),
///         Err(error) => item.failure(&error),
///     }
/// }
/// batch.end();
/// # Ok::<(), tracing_core_lite::BuildError>(())
/// ```
#[derive(Debug)]
pub struct Batch {
    /// `None` once it has ended.
    in_flight: Option<InFlight>,
    client: Client,
    context: Context,
    /// For items that are not recorded: the batch's span, but not sampled.
    unsampled: Option<SpanContext>,
    item: ItemOperation,
    item_ratio: f64,
    counts: Arc<Counts>,
    messages: u64,
    bytes: u64,
}

/// What the spans of items say, without what changes with each.
#[derive(Debug, Clone)]
pub(super) struct ItemOperation {
    name: &'static str,
    destination: Arc<str>,
    is_temporary: bool,
    is_anonymous: bool,
}

impl ItemOperation {
    pub(super) fn operation(&self) -> Operation<'_> {
        let mut destination = super::Destination::new(&self.destination);
        destination.is_temporary = self.is_temporary;
        destination.is_anonymous = self.is_anonymous;
        Operation { kind: OperationType::Process, name: self.name, destination }
    }
}

/// What became of the items.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) processed: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) skipped: AtomicU64,
}

impl Batch {
    pub(super) fn new(
        client: Client,
        operation: &Operation<'_>,
        in_flight: InFlight,
        parent: &Context,
    ) -> Self {
        let context = in_flight.in_context(parent);
        let unsampled = in_flight.span().map(|span| not_sampled(span.span_context()));
        let item = ItemOperation {
            name: operation.name,
            destination: operation.destination.name.into(),
            is_temporary: operation.destination.is_temporary,
            is_anonymous: operation.destination.is_anonymous,
        };
        Self {
            in_flight: Some(in_flight),
            client,
            context,
            unsampled,
            item,
            item_ratio: DEFAULT_ITEM_RATIO,
            counts: Arc::default(),
            messages: 0,
            bytes: 0,
        }
    }

    /// Sets the share of items that get a span although they do not fail, from 0 to 1; [`DEFAULT_ITEM_RATIO`] by default.
    #[must_use]
    pub fn item_ratio(mut self, ratio: f64) -> Self {
        self.item_ratio = ratio;
        self
    }

    /// Adds a message of `origin`, with `body_size` bytes: a FollowsFrom link, and one more in the count.
    pub fn add(&mut self, origin: &Origin, body_size: usize) {
        self.messages += 1;
        self.bytes += body_size as u64;
        self.record(|span| {
            for sender in origin.senders() {
                span.add_follows_from(sender);
            }
        });
    }

    /// Begins the work on one of the messages. It may be worked on while others are.
    pub fn item(&self, origin: &Origin) -> Item {
        let is_traced = self.in_flight.as_ref().is_some_and(|in_flight| in_flight.span().is_some());
        let unsampled = self.unsampled.as_ref().filter(|_| is_traced);
        let Some(unsampled) = unsampled else {
            return Item::untraced(origin, Arc::clone(&self.counts));
        };
        if fastrand::f64() < self.item_ratio {
            return Item::recorded(&self.client, &self.item, &self.context, origin, Arc::clone(&self.counts));
        }
        let context = origin.base().with_remote_span_context(unsampled.clone());
        Item::unrecorded(&self.client, &self.item, &self.context, context, origin, Arc::clone(&self.counts))
    }

    /// The context to do the work of the whole batch in.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Runs `write` if the batch's span is recorded.
    pub fn record(&self, write: impl FnOnce(&mut Recorder<'_>)) {
        if let Some(in_flight) = &self.in_flight {
            in_flight.record(write);
        }
    }

    /// Records that the batch as a whole failed. See [`Recorder::failed`].
    pub fn failed(&mut self, error_type: &str, description: &str) {
        if let Some(in_flight) = &mut self.in_flight {
            in_flight.failed(error_type, description);
        }
    }

    /// Ends the span now. Dropping it does the same.
    pub fn end(self) {}
}

impl Drop for Batch {
    fn drop(&mut self) {
        let Some(mut in_flight) = self.in_flight.take() else { return };
        in_flight.message_count(self.messages);
        in_flight.end_with(|span| {
            let Counts { processed, failed, skipped } = &*self.counts;
            span.set(BATCH_MESSAGE_COUNT, int(self.messages)).set(BATCH_BODY_SIZE, int(self.bytes));
            for (key, count) in
                [(BATCH_PROCESSED, processed), (BATCH_FAILED, failed), (BATCH_SKIPPED, skipped)]
            {
                span.set(key, int(count.load(Ordering::Relaxed)));
            }
        });
    }
}

fn int(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn not_sampled(span: &SpanContext) -> SpanContext {
    SpanContext::new(
        span.trace_id(),
        span.span_id(),
        span.trace_flags().with_sampled(false),
        false,
        span.trace_state().clone(),
    )
}
