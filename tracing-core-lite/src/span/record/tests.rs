use opentelemetry::trace::{SpanContext, SpanKind};

use super::{Identity, SpanRecord};
use crate::clock::Timestamp;
use crate::span::data::{SpanData, decode_request};
use crate::span::engine_limits::EngineLimits;
use crate::span::limits::SpanLimits;
use crate::span::value::Value;
use crate::wire::{self, ByteBuf};

#[test]
fn a_second_value_replaces_the_first() {
    let limits = EngineLimits::new(SpanLimits::default());
    let mut record = SpanRecord::default();
    record.begin("name".into(), &SpanKind::Internal, None, 1, Timestamp::now());
    for index in 0..100_i64 {
        record.set(&format!("key.{}", index % 50), Value::Int(index), &limits);
    }
    assert_eq!(record.kept.attributes, 50);
    assert_eq!(record.dropped.attributes, 0);
}

/// The bytes of a span from `start` to `end`, with an event at `end`.
fn encoded(start: Timestamp, end: Timestamp) -> SpanData {
    let mut record = SpanRecord::default();
    record.begin("name".into(), &SpanKind::Internal, None, 1, start);
    record.add_event("short", end, &[("seconds", Value::Double(0.5))], &SpanLimits::default());
    record.add_event("long", end, &[], &SpanLimits::default());
    let mut spans = ByteBuf::default();
    let identity = Identity { span_context: &SpanContext::NONE, trace_state: "" };
    record.finish(&mut spans, 2, &identity, end.relative_to(start));
    let mut request = ByteBuf::default();
    wire::put_length(&mut request, wire::length_tag(1), wire::field_len(spans.len()));
    wire::put_bytes(&mut request, wire::length_tag(2), spans.as_slice());
    decode_request(request.as_slice()).unwrap()[0].scope_spans[0].spans[0].clone()
}

#[test]
fn a_step_of_the_wall_clock_does_not_change_durations_and_events() {
    const HOUR: u64 = 3_600_000_000_000;
    let start = Timestamp::now();
    let now = Timestamp::now();
    let elapsed = now.duration_since(start);
    for stepped in
        [now.with_wall_clock_at(now.unix_nanos() - HOUR), now.with_wall_clock_at(now.unix_nanos() + HOUR)]
    {
        let span = encoded(start, stepped);
        assert_eq!(span.start_time_unix_nano, start.unix_nanos());
        assert_eq!(span.duration(), elapsed);
        for event in span.events {
            assert_eq!(event.time_unix_nano, span.end_time_unix_nano, "{}", event.name);
        }
    }
}

#[test]
fn a_full_span_counts_what_it_drops() {
    let limits = EngineLimits::new(SpanLimits { span_bytes: 100, ..SpanLimits::default() });
    let mut record = SpanRecord::default();
    record.begin("name".into(), &SpanKind::Internal, None, 1, Timestamp::now());
    record.set("short", Value::Str("kept"), &limits);
    record.set("long", Value::Str(&"x".repeat(1000)), &limits);
    record.add_event("event", Timestamp::now(), &[("long", Value::Str(&"x".repeat(1000)))], &limits);
    assert_eq!((record.kept.attributes, record.dropped.attributes, record.dropped.events), (1, 1, 1));
    assert!(record.fields.len() <= 100);
}
