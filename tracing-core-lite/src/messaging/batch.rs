//! The work on many messages at once.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, TraceContextExt};

use super::attribute::{BATCH_BODY_SIZE, BATCH_FAILED, BATCH_MESSAGE_COUNT, BATCH_PROCESSED, BATCH_SKIPPED};
use super::item::{Counts, ItemOperation};
use super::{BatchItem, Client, InFlight, MessagingOperation, Origin};
use crate::span::Recorder;

/// The default share of a large batch's items that get a span of their own: 1 %.
pub const DEFAULT_ITEM_RATIO: f64 = 0.01;

/// The default number of messages up to which every item of a batch gets its own span.
pub const DEFAULT_SMALL_BATCH: u64 = 10;

/// The work on many messages at once, under one `process` span that ends when this is dropped.
///
/// The span has a FollowsFrom link for each message that is added, up to the span limit for links (128 by default, see
/// [`SpanLimits`](crate::span::SpanLimits)). `dropped_links_count` counts the others. When it ends, the span gets
/// `messaging.batch.message_count`, and `tracing_suite.messaging.batch.processed_count`, `.failed_count`, `.skipped_count` and
/// `.body.size`.
///
/// # Items
/// [`item`](MessageBatch::item) starts the work on one message. Every item of a batch of at most 10 messages gets a
/// span below the batch's span. In larger batches, 1 % of the items get one, and all items that fail. Metrics measure
/// the batch as a whole. The memory of a batch does not grow with the number of its items.
///
/// An item without a span carries an unsampled context: spans below it are not recorded, and the services that it calls do not
/// sample these calls. See [`with_item_ratio`](MessageBatch::with_item_ratio) and
/// [`with_small_batch`](MessageBatch::with_small_batch).
///
/// ```
/// use tracing_core_lite::messaging::{
///     Client, Destination, MessagingOperation, OperationType, Peer, Settings,
/// };
/// use tracing_core_lite::{InstrumentationScope, TracerProvider};
///
/// # fn store(_: &str) -> Result<(), std::io::Error> { Ok(()) }
/// # let provider = TracerProvider::builder().build()?;
/// let settings = Settings::new().with_provider(&provider);
/// let client = Client::new("nats", InstrumentationScope::builder("my-nats").build(), settings, Peer::new());
/// let received = [(vec![("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")], "body")];
///
/// let operation = MessagingOperation::new(OperationType::Process, Destination::new("orders.created"));
/// let mut batch = client.batch(&operation, |_| {});
/// for (headers, body) in &received {
///     let origin = client.extract(headers);
///     batch.add(&origin, body.len());
///     let item = batch.item(&origin);
///     match store(body) {
///         Ok(()) => item.processed(),
///         Err(error) => item.failed(&error),
///     }
/// }
/// batch.end();
/// # Ok::<(), tracing_core_lite::BuildError>(())
/// ```
#[derive(Debug)]
pub struct MessageBatch {
    /// `None` once it has ended.
    in_flight: Option<InFlight>,
    client: Client,
    context: Context,
    /// The batch's span without the flag "sampled", for items without a span.
    unsampled: Option<SpanContext>,
    item: ItemOperation,
    item_ratio: f64,
    small_batch: u64,
    counts: Arc<Counts>,
    messages: u64,
    bytes: u64,
}

impl Client {
    /// Starts the work on many messages at once: one `process` span below the current span, or a new trace if there is none.
    /// Each message that is [added](MessageBatch::add) becomes a FollowsFrom link.
    pub fn batch(
        &self,
        operation: &MessagingOperation<'_>,
        write: impl FnOnce(&mut Recorder<'_>),
    ) -> MessageBatch {
        let parent = Context::current();
        let in_flight = self.start(operation, &parent, write);
        MessageBatch {
            context: in_flight.in_context(&parent),
            unsampled: in_flight.span().map(|span| not_sampled(span.span_context())),
            in_flight: Some(in_flight),
            client: self.clone(),
            item: ItemOperation::of(operation),
            item_ratio: DEFAULT_ITEM_RATIO,
            small_batch: DEFAULT_SMALL_BATCH,
            counts: Arc::default(),
            messages: 0,
            bytes: 0,
        }
    }
}

impl MessageBatch {
    /// Sets the share of a large batch's successful items that get a span, from 0 to 1. The default is
    /// [`DEFAULT_ITEM_RATIO`].
    #[must_use]
    pub fn with_item_ratio(mut self, ratio: f64) -> Self {
        self.item_ratio = ratio;
        self
    }

    /// Sets the number of messages up to which every item gets a span. The default is [`DEFAULT_SMALL_BATCH`]. With 0,
    /// the [ratio](Self::with_item_ratio) applies to batches of any size.
    ///
    /// Items that start before all messages are added are treated as items of the smaller batch.
    #[must_use]
    pub fn with_small_batch(mut self, messages: u64) -> Self {
        self.small_batch = messages;
        self
    }

    /// Adds a message of `body_size` bytes from `origin`: adds a FollowsFrom link and increases the count.
    pub fn add(&mut self, origin: &Origin, body_size: usize) {
        self.messages += 1;
        self.bytes += body_size as u64;
        self.record(|span| {
            for sender in origin.senders() {
                span.add_follows_from(sender);
            }
            origin.record_untrusted(span);
        });
    }

    /// Starts the work on one of the messages. Items may run concurrently.
    pub fn item(&self, origin: &Origin) -> BatchItem {
        let counts = Arc::clone(&self.counts);
        let begun = counts.begun.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        let is_traced = self.in_flight.as_ref().is_some_and(|in_flight| in_flight.span().is_some());
        let Some(unsampled) = self.unsampled.as_ref().filter(|_| is_traced) else {
            return BatchItem::untraced(origin, counts);
        };
        if self.messages.max(begun) <= self.small_batch || fastrand::f64() < self.item_ratio {
            return BatchItem::recorded(&self.client, &self.item, &self.context, origin, counts);
        }
        let context = origin.base().with_remote_span_context(unsampled.clone());
        BatchItem::unrecorded(&self.client, &self.item, &self.context, context, origin, counts)
    }

    /// Returns the context for work on the batch as a whole.
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

    /// Records that the batch as a whole failed with `error`. See [`Recorder::record_error`].
    pub fn record_error<E: std::error::Error + ?Sized>(&mut self, error: &E) {
        if let Some(in_flight) = &mut self.in_flight {
            in_flight.record_error(error);
        }
    }

    /// Records that the batch as a whole failed with `error`, with `class` as its `error.type`. See
    /// [`Recorder::record_error_as`].
    pub fn record_error_as<E: std::error::Error + ?Sized>(&mut self, class: &str, error: &E) {
        if let Some(in_flight) = &mut self.in_flight {
            in_flight.record_error_as(class, error);
        }
    }

    /// Ends the span. Dropping the batch does the same.
    pub fn end(self) {}
}

impl Drop for MessageBatch {
    fn drop(&mut self) {
        let Some(mut in_flight) = self.in_flight.take() else { return };
        in_flight.message_count(self.messages);
        in_flight.record(|span| {
            let Counts { processed, failed, skipped, .. } = &*self.counts;
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
