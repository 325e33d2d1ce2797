//! The rate of kept traces holds the limit, and the adjusted counts of exported spans sum up to the arrivals.

mod program;

use std::collections::HashMap;
use std::time::Duration;

use program::{KEY, Program, Tally, statistics, total};
use tracing_core_lite::sampling::Sampler;
use tracing_sampling::clock::ManualClock;
use tracing_sampling::head::{AnyOf, PerKey, RateLimiting};

const SECOND: Duration = Duration::from_secs(1);

/// Where everything is kept, only rounding is left.
const ROUNDING: f64 = 1e-9;

const RUNS: u64 = 200;

const KEYS: [&str; 2] = ["/orders", "/payments"];

type Make = fn(f64, ManualClock) -> Box<dyn Sampler>;

const SAMPLERS: [(&str, Make); 3] = [
    ("rate limiting", |limit, clock| Box::new(RateLimiting::with_clock(limit, clock))),
    ("per key", |limit, clock| {
        Box::new(PerKey::builder(limit).with_attribute(KEY).with_clock(clock).build())
    }),
    ("any of", |limit, clock| {
        let half = RateLimiting::with_clock(limit / 2.0, clock.clone());
        Box::new(AnyOf::new().with(half).with(RateLimiting::with_clock(limit, clock)))
    }),
];

/// Three of four requests have the first key.
fn key(random: &mut fastrand::Rng) -> &'static str {
    KEYS[usize::from(random.f64() >= 0.75)]
}

#[test]
fn in_steady_state_and_after_jumps() {
    const LIMIT: f64 = 2000.0;
    for (name, make) in SAMPLERS {
        for load in [1.0, 5.0, 20.0] {
            let mut program = Program::start(7, |clock| make(LIMIT, clock));
            program.tally(LIMIT * load, 2 * SECOND, key);
            for second in 0..3 {
                let kept = total(&program.tally(LIMIT * load, SECOND, key)).kept;
                assert!((kept / LIMIT - 1.0).abs() < 0.1, "{name}, load {load}, second {second}: {kept}");
            }
        }
        let mut program = Program::start(8, |clock| make(LIMIT, clock));
        program.tally(LIMIT * 2.0, 3 * SECOND, key);
        for load in [20.0, 2.0] {
            // The two seconds in which the sampler may adapt.
            let adapting = total(&program.tally(LIMIT * load, 2 * SECOND, key)).kept / 2.0;
            assert!(adapting / LIMIT < 1.2, "{name}, jump to {load}: {adapting} per second at first");
            for second in 2..4 {
                let kept = total(&program.tally(LIMIT * load, SECOND, key)).kept;
                assert!((kept / LIMIT - 1.0).abs() < 0.2, "{name}, jump to {load}, second {second}: {kept}");
            }
        }
    }
}

#[test]
fn counts_in_two_hundred_runs() {
    const LIMIT: f64 = 10.0;
    // The sampler with keys has full intervals from then on.
    for ((name, make), warm_up) in SAMPLERS.into_iter().zip([2 * SECOND, 31 * SECOND]) {
        for load in [1.0, 5.0, 20.0] {
            let runs: Vec<_> = (0..RUNS)
                .map(|seed| {
                    let mut program = Program::start(1000 + seed, |clock| make(LIMIT, clock));
                    program.run(LIMIT * load, warm_up, key);
                    program.exported();
                    program.tally(LIMIT * load, 5 * SECOND, key)
                })
                .collect();
            // Of each key: what ideal sampling at the rates of the key would vary by.
            let ideal: HashMap<_, _> = KEYS.map(|key| (key, mean_of(&runs, key).ideal_variance())).into();
            for key in KEYS {
                let ratios: Vec<_> = runs.iter().map(|run| run[key].ratio()).collect();
                check(
                    &format!("{name}, load {load}, {key}"),
                    &ratios,
                    ideal[key].sqrt() / mean_of(&runs, key).arrived,
                );
            }
            let ratios: Vec<_> = runs.iter().map(|run| total(run).ratio()).collect();
            let arrived: f64 = KEYS.iter().map(|key| mean_of(&runs, key).arrived).sum();
            check(
                &format!("{name}, load {load}, total"),
                &ratios,
                ideal.values().sum::<f64>().sqrt() / arrived,
            );
        }
    }
}

/// Checks that the estimates have no bias, and vary little more than those of ideal sampling.
fn check(what: &str, ratios: &[f64], ideal: f64) {
    let (mean, deviation, error) = statistics(ratios);
    assert!((mean - 1.0).abs() <= 3.0 * error + ROUNDING, "{what}: the mean is {mean} ± {error}");
    assert!(
        deviation <= 1.2 * ideal + ROUNDING,
        "{what}: the deviation is {deviation}, that of ideal sampling {ideal}"
    );
}

fn mean_of(runs: &[HashMap<String, Tally>], key: &str) -> Tally {
    let sum = runs.iter().map(|run| run[key]).fold(Tally::default(), |sum, run| sum + run);
    Tally {
        arrived: sum.arrived / RUNS as f64,
        kept: sum.kept / RUNS as f64,
        estimated: sum.estimated / RUNS as f64,
    }
}
