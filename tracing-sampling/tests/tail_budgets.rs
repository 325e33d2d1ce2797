//! A budget holds its limit, even if traffic jumps, and the true count can be estimated from the kept traces.
#![cfg(feature = "tail")]
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use tracing_core_lite::pipeline::Batch;
use tracing_core_lite::pipeline::view::RequestView;
use tracing_core_lite::sampling::consistent::OtTraceState;
use tracing_sampling::tail::{Policy, TailBuffer, TailSettings};

/// Spans per second.
const LIMIT: u64 = 50;

/// The seeded runs of each case.
const RUNS: u64 = 100;

fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ *state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

/// The kept spans of one second, and what they stand for.
#[derive(Debug, Clone, Copy, Default)]
struct Second {
    arrived: u64,
    kept: u64,
    estimate: f64,
}

fn count(batches: &[Batch]) -> (u64, f64) {
    let (mut kept, mut estimate) = (0, 0.0);
    for batch in batches {
        let each = RequestView::new(batch.request()).each_span(|_, _, span| {
            let state = span.head().unwrap().trace_state().unwrap();
            kept += 1;
            estimate += OtTraceState::read(state.strip_prefix("ot=").unwrap()).adjusted_count();
        });
        each.unwrap();
    }
    (kept, estimate)
}

/// Sends so many traces of one span in each second, and returns what became of them.
fn run(seed: u64, rates: &[u64]) -> Vec<Second> {
    let settings = TailSettings::default()
        .with_policies(vec![Policy::rate_limiting("budget", LIMIT)])
        .with_decision_wait_after_root_received(Some(Duration::ZERO));
    let mut buffer = TailBuffer::new(settings).unwrap();
    let mut state = seed;
    let mut seconds = Vec::new();
    for (second, rate) in rates.iter().enumerate() {
        let spans = (0..*rate).map(|_| {
            support::span(u128::from(random(&mut state)) << 64 | u128::from(random(&mut state)), 1, None)
        });
        let start = Duration::from_secs(second as u64);
        buffer.add(&support::batch(spans.collect()), start + Duration::from_millis(500));
        buffer.poll(start + Duration::from_millis(1_000));
        let (kept, estimate) = count(&buffer.take_kept());
        seconds.push(Second { arrived: *rate, kept, estimate });
    }
    seconds
}

#[test]
fn the_limit_is_held_and_the_estimate_is_right_at_1_5_and_20_times_the_limit() {
    for times in [1, 5, 20] {
        let mut ratios = Vec::new();
        for seed in 0..RUNS {
            let seconds = run(seed, &[LIMIT * times; 4]);
            assert!(seconds.iter().all(|it| it.kept.abs_diff(LIMIT) * 10 <= LIMIT), "{times}: {seconds:?}");
            let arrived: u64 = seconds.iter().map(|it| it.arrived).sum();
            let estimate: f64 = seconds.iter().map(|it| it.estimate).sum();
            ratios.push(estimate / arrived as f64);
        }
        let mean = ratios.iter().sum::<f64>() / RUNS as f64;
        let variance = ratios.iter().map(|it| (it - mean).powi(2)).sum::<f64>() / (RUNS - 1) as f64;
        let error = (variance / RUNS as f64).sqrt();
        assert!((mean - 1.0).abs() <= 3.0 * error + 1e-9, "{times}: mean {mean}, standard error {error}");
        // Ideal sampling with probability p has a variance of (1 - p) / p per arrival.
        let p = 1.0 / times as f64;
        let ideal = ((1.0 - p) / p / (4 * LIMIT * times) as f64).sqrt();
        assert!(variance.sqrt() <= 1.2 * ideal + 1e-9, "{times}: {} and {ideal}", variance.sqrt());
    }
}

#[test]
fn a_tenfold_jump_keeps_no_more_than_the_limit_from_the_first_second() {
    let seconds = run(7, &[LIMIT, LIMIT, LIMIT * 10, LIMIT * 10, LIMIT * 10]);
    assert!(seconds.iter().all(|it| it.kept <= LIMIT && it.kept * 10 >= LIMIT * 9), "{seconds:?}");
}
