//! The limiters survive clocks that stand still or go back, idle time, many keys and many threads.

use std::collections::HashSet;
use std::time::Duration;

use tracing_core_lite::SpanKind;
use tracing_core_lite::opentelemetry::trace::TraceId;
use tracing_core_lite::sampling::consistent::Threshold;
use tracing_core_lite::sampling::{AttributeValue, SamplingInput};
use tracing_sampling::clock::ManualClock;
use tracing_sampling::head::{ComposableSampler, PerKey, RateLimiting};

const MILLI: Duration = Duration::from_millis(1);

/// Asks about a root with this key.
fn ask(sampler: &impl ComposableSampler, key: &str) -> Threshold {
    let known = [("key", AttributeValue::from(key))];
    let input = SamplingInput::new(None, TraceId::from(1), "name", &SpanKind::Server).with_request(&known);
    sampler.intent(&input).threshold
}

/// One request per millisecond.
fn settle(sampler: &impl ComposableSampler, clock: &ManualClock) -> f64 {
    let mut kept = 0.0;
    for _ in 0..5000 {
        clock.advance(MILLI);
        kept = ask(sampler, "a").probability();
    }
    kept
}

#[test]
fn a_clock_that_goes_back_or_stands_still() {
    let clock = ManualClock::default();
    let sampler = RateLimiting::with_clock(100.0, clock.clone());
    clock.set(Duration::from_secs(100));
    let before = settle(&sampler, &clock);
    assert!((before - 0.1).abs() < 0.01, "{before}");
    clock.set(Duration::from_secs(1));
    let after = settle(&sampler, &clock);
    assert!((after - 0.1).abs() < 0.01, "{after}");
    // A burst at one moment is limited, too.
    let expected: f64 = (0..100_000).map(|_| ask(&sampler, "a").probability()).sum();
    assert!(expected < 200.0, "{expected}");
    clock.advance(Duration::from_secs(2));
    let recovered = settle(&sampler, &clock);
    assert!((recovered - 0.1).abs() < 0.01, "{recovered}");
}

#[test]
fn a_burst_after_an_idle_day() {
    let clock = ManualClock::default();
    let sampler = RateLimiting::with_clock(100.0, clock.clone());
    settle(&sampler, &clock);
    clock.advance(Duration::from_secs(86_400));
    let mut expected = 0.0;
    // 10,000 requests in a second, of which 100 may be kept.
    for _ in 0..10_000 {
        clock.advance(MILLI / 10);
        expected += ask(&sampler, "a").probability();
    }
    assert!(expected < 150.0, "{expected}");
}

#[test]
fn extreme_limits() {
    for (limit, expected) in [(0.0, 0.0), (-1.0, 0.0), (f64::NAN, 0.0), (f64::INFINITY, 1.0), (1e300, 1.0)] {
        let clock = ManualClock::default();
        assert_eq!(settle(&RateLimiting::with_clock(limit, clock.clone()), &clock), expected, "{limit}");
        let clock = ManualClock::default();
        let keyed = PerKey::builder(limit).with_attribute("key").with_clock(clock.clone()).build();
        assert_eq!(settle(&keyed, &clock), expected, "{limit}");
    }
}

#[test]
fn many_keys_share_one_within_the_goal() {
    let clock = ManualClock::default();
    let sampler =
        PerKey::builder(50.0).with_attribute("key").with_max_keys(10).with_clock(clock.clone()).build();
    let mut random = fastrand::Rng::with_seed(1);
    let (mut expected, mut thresholds) = (0.0, HashSet::new());
    for milli in 0..60_000 {
        clock.advance(MILLI);
        let key = format!("{}", random.u32(0..1_000_000));
        let threshold = ask(&sampler, &key);
        if milli >= 30_000 {
            expected += threshold.probability();
            thresholds.insert(threshold);
        }
    }
    // 30 s at 50 per second.
    assert!((expected / 1500.0 - 1.0).abs() < 0.1, "{expected}");
    assert!(thresholds.len() < 500, "{}", thresholds.len());
}

#[test]
fn a_rare_key_is_kept_and_a_new_one_starts_within_the_goal() {
    let clock = ManualClock::default();
    let sampler = PerKey::builder(20.0).with_attribute("key").with_clock(clock.clone()).build();
    for milli in 0..60_000 {
        clock.advance(MILLI);
        ask(&sampler, if milli % 5000 == 0 { "rare" } else { "frequent" });
    }
    assert_eq!(ask(&sampler, "rare"), Threshold::ALWAYS);
    let frequent = ask(&sampler, "frequent").probability();
    assert!((0.015..0.025).contains(&frequent), "{frequent}");
    let new = ask(&sampler, "new").probability();
    assert!((0.015..0.025).contains(&new), "{new}");
}

#[test]
fn threads_count_together() {
    let clock = ManualClock::default();
    let sampler = RateLimiting::with_clock(100.0, clock.clone());
    for _ in 0..50 {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..25 {
                        ask(&sampler, "a");
                    }
                });
            }
        });
        clock.advance(100 * MILLI);
    }
    // 1,000 per second.
    let probability = ask(&sampler, "a").probability();
    assert!((probability - 0.1).abs() < 0.02, "{probability}");
}
