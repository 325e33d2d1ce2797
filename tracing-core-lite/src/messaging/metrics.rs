//! The metrics of messaging clients.

use std::time::Instant;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Meter};
use opentelemetry::trace::SpanContext;

use super::attribute::{
    CONSUMER_GROUP, DESTINATION_NAME, DESTINATION_TEMPLATE, ERROR_TYPE, OPERATION_NAME, SERVER_ADDRESS,
    SERVER_PORT, SYSTEM,
};
use super::target::Target;
use super::{MessagingOperation, OperationType, Peer};
use crate::exemplars::DurationHistogram;

/// Boundaries of the histograms in seconds (semantic conventions for messaging metrics).
const DURATION_BOUNDARIES: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// The instruments.
#[derive(Debug, Clone)]
pub(super) struct Metrics {
    operation_duration: DurationHistogram,
    process_duration: DurationHistogram,
    sent: Counter<u64>,
    consumed: Counter<u64>,
}

impl Metrics {
    pub(super) fn new(meter: &Meter) -> Self {
        let duration =
            |name, description| DurationHistogram::new(meter, name, Some(description), &DURATION_BOUNDARIES);
        let count = |name, description| {
            meter.u64_counter(name).with_description(description).with_unit("{message}").build()
        };
        Self {
            operation_duration: duration(
                "messaging.client.operation.duration",
                "Duration of messaging operation initiated by a producer or consumer client.",
            ),
            process_duration: duration("messaging.process.duration", "Duration of processing operation."),
            sent: count(
                "messaging.client.sent.messages",
                "Number of messages producer attempted to send to the broker.",
            ),
            consumed: count(
                "messaging.client.consumed.messages",
                "Number of messages that were delivered to the application.",
            ),
        }
    }

    pub(super) fn start(
        &self,
        system: &'static str,
        operation: &MessagingOperation<'_>,
        target: &Target<'_>,
        peer: &Peer,
        span_context: &SpanContext,
    ) -> Measurement {
        Measurement {
            metrics: self.clone(),
            kind: operation.kind,
            start: Instant::now(),
            end: None,
            started_in_panic: std::thread::panicking(),
            attributes: attributes(system, operation.name, target, peer),
            span_context: span_context.clone(),
            // A receive operation may end without a message.
            messages: u64::from(operation.kind != OperationType::Receive),
        }
    }

    /// Counts messages that were delivered without a `receive` operation.
    pub(super) fn consumed(
        &self,
        system: &'static str,
        name: &'static str,
        target: &Target<'_>,
        peer: &Peer,
        count: u64,
    ) {
        self.consumed.add(count, &attributes(system, name, target, peer));
    }
}

fn attributes(system: &'static str, name: &'static str, target: &Target<'_>, peer: &Peer) -> Vec<KeyValue> {
    let mut attributes = Vec::with_capacity(8);
    attributes.push(KeyValue::new(SYSTEM, system));
    attributes.push(KeyValue::new(OPERATION_NAME, name));
    if let Some(template) = &target.template {
        attributes.push(KeyValue::new(DESTINATION_TEMPLATE, template.to_string()));
    } else if let Some(name) = target.lasting_name() {
        attributes.push(KeyValue::new(DESTINATION_NAME, name.to_owned()));
    }
    attributes.extend(peer.consumer_group.as_ref().map(|group| KeyValue::new(CONSUMER_GROUP, group.clone())));
    attributes.extend(peer.address.as_ref().map(|address| KeyValue::new(SERVER_ADDRESS, address.clone())));
    attributes.extend(peer.port.map(|port| KeyValue::new(SERVER_PORT, i64::from(port))));
    attributes
}

/// The measurement of one operation. It is recorded when this is dropped.
#[derive(Debug)]
pub(super) struct Measurement {
    metrics: Metrics,
    kind: OperationType,
    start: Instant,
    /// `None` if the operation ends when this is dropped.
    end: Option<Instant>,
    /// Whether the thread was already panicking at the start. The panic then did not end the operation.
    started_in_panic: bool,
    attributes: Vec<KeyValue>,
    span_context: SpanContext,
    messages: u64,
}

impl Measurement {
    pub(super) fn failed(&mut self, error_type: &str) {
        self.attributes.retain(|attribute| attribute.key.as_str() != ERROR_TYPE);
        self.attributes.push(KeyValue::new(ERROR_TYPE, error_type.to_owned()));
    }

    pub(super) fn end_at(&mut self, end: Instant) {
        self.end = Some(end);
    }

    pub(super) fn message_count(&mut self, count: u64) {
        self.messages = count;
    }
}

impl Drop for Measurement {
    fn drop(&mut self) {
        if self.end.is_none() && !self.started_in_panic && std::thread::panicking() {
            self.failed("panic");
        }
        let Self { metrics, kind, start, end, attributes, messages, span_context, .. } = self;
        let duration = end.unwrap_or_else(Instant::now).saturating_duration_since(*start);
        let histogram = match kind {
            OperationType::Process => &metrics.process_duration,
            _ => &metrics.operation_duration,
        };
        histogram.record(duration, attributes, Some(span_context));
        match kind {
            OperationType::Send => metrics.sent.add(*messages, attributes),
            OperationType::Receive => metrics.consumed.add(*messages, attributes),
            OperationType::Process | OperationType::Settle => {}
        }
    }
}
