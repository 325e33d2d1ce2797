//! Memory stays within its bounds, and traces that exceed them are decided early.
#![cfg(feature = "tail")]
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use tracing_core_lite::pipeline::Batch;
use tracing_sampling::tail::{Amount, Policy, TailBuffer, TailSettings};

const NOW: Duration = Duration::ZERO;

fn buffer(settings: TailSettings) -> TailBuffer {
    TailBuffer::new(settings).unwrap()
}

fn all() -> TailSettings {
    TailSettings::default().with_policies(vec![Policy::always_sample("all")])
}

#[test]
fn one_trace_of_a_million_spans_stays_within_its_bound_while_others_are_decided() {
    let bound = 1 << 20;
    let mut buffer = buffer(all().with_max_trace_bytes(bound).with_max_bytes(4 * bound));
    let giant = support::batch((0..10_000).map(|id| support::span(1 << 64 | 1, id + 2, Some(1))).collect());
    let mut kept = 0;
    for round in 0..100_u64 {
        buffer.add(&giant, Duration::from_secs(round));
        assert!(buffer.stats().pending_bytes <= bound as u64 + 1024, "{}", buffer.stats().pending_bytes);
        let other = u128::from(round + 2) << 64 | 1;
        buffer.add(&support::batch(vec![support::span(other, 1, None)]), Duration::from_secs(round));
        buffer.poll(Duration::from_secs(round + 1));
        kept += buffer.take_kept().iter().map(Batch::span_count).sum::<usize>();
    }
    let stats = buffer.stats();
    assert_eq!((kept, stats.oversized_traces, stats.pending), (1_000_100, 1, Amount::default()));
    assert_eq!(stats.received.traces, 101);
}

#[test]
fn the_oldest_trace_is_decided_early_when_memory_is_full() {
    let mut buffer = buffer(all().with_max_bytes(10_000));
    let mut order = Vec::new();
    for trace in 1..=100_u128 {
        buffer.add(&support::batch(vec![support::span(trace << 64 | 1, 1, Some(9))]), NOW);
        assert!(buffer.stats().pending_bytes <= 10_000);
        order.extend(
            support::decoded(&buffer.take_kept())
                .iter()
                .map(|it| u128::from_be_bytes(it.span.trace_id.to_bytes()) >> 64),
        );
    }
    let stats = buffer.stats();
    assert_eq!(stats.evicted_traces, order.len() as u64);
    assert!(order.len() > 50 && order.iter().copied().eq(1..=order.len() as u128), "{order:?}");
}

#[test]
fn a_million_traces_of_an_unknown_sender_stay_within_the_bound() {
    let bound = 200_000;
    let mut buffer = buffer(TailSettings::default().with_max_bytes(bound).with_non_sampled_cache_size(1_000));
    for round in 0..1_000_u128 {
        let spans = (0..100).map(|n| support::span((round * 100 + n + 1) << 20, 1, Some(7))).collect();
        let resource = vec![support::text("service.name", &format!("service {round}"))];
        buffer.add(&support::request(resource, spans), NOW);
        assert!(buffer.stats().pending_bytes <= bound as u64);
    }
    assert_eq!(buffer.stats().received, buffer.stats().dropped_and_pending());
}

#[test]
fn the_number_of_traces_is_bounded_if_asked_for() {
    let mut buffer = buffer(all().with_num_traces(10));
    for trace in 1..=25_u128 {
        buffer.add(&support::batch(vec![support::span(trace << 64 | 1, 1, Some(9))]), NOW);
    }
    assert_eq!((buffer.stats().pending.traces, buffer.stats().evicted_traces), (10, 15));
}

#[test]
fn bad_input_is_counted_by_kind_and_the_rest_is_taken() {
    let mut buffer = buffer(all());
    let good = support::batch(vec![support::span(1 << 64 | 1, 1, None)]);
    buffer.add(&Batch::new(vec![0x0a, 200, 1].into(), 1), NOW);
    buffer.add(&support::batch(vec![support::span(0, 1, None)]), NOW);
    buffer.add(&good, NOW);
    let mut future = support::span(2 << 64 | 1, 1, None);
    (future.start_time_unix_nano, future.end_time_unix_nano) = (u64::MAX, u64::MAX - 1);
    buffer.add(&support::batch(vec![future]), NOW);
    let stats = buffer.stats();
    assert_eq!((stats.malformed_requests, stats.invalid_spans, stats.received.spans), (1, 1, 2));
    buffer.decide_all(NOW);
    assert_eq!(buffer.stats().kept.traces, 2);
}

/// Sums of counts.
trait Sums {
    fn dropped_and_pending(&self) -> Amount;
}

impl Sums for tracing_sampling::tail::TailStats {
    fn dropped_and_pending(&self) -> Amount {
        let mut sum = self.dropped;
        sum.spans += self.pending.spans;
        sum.traces += self.pending.traces;
        sum
    }
}
