//! A budget of the tail holds its limit, and the adjusted counts of exported bytes sum up to the arrivals: alone, and behind a
//! head sampler. The traces go through `init`, spans, the pipeline and the stage, in simulated time.
#![cfg(feature = "tail")]
#![allow(clippy::unwrap_used)]

mod program;

use std::collections::HashMap;
use std::time::Duration;

use program::{Program, Tally, statistics, total};
use tracing_core_lite::sampling::Ratio;
use tracing_sampling::tail::{Policy, TailSampler, TailSettings};

const SECOND: Duration = Duration::from_secs(1);
/// Where everything is kept, only rounding is left.
const ROUNDING: f64 = 1e-9;
const RUNS: u64 = 200;
const KEYS: [&str; 2] = ["/orders", "/payments"];

/// The share of the traces that the head lets through.
const HEADS: [(&str, f64); 2] = [("tail", 1.0), ("hybrid", 0.5)];

/// Three of four requests have the first key.
fn key(random: &mut fastrand::Rng) -> &'static str {
    KEYS[usize::from(random.f64() >= 0.75)]
}

fn start(seed: u64, limit: u64, head: f64) -> Program {
    let settings = TailSettings::default().with_policies(vec![Policy::rate_limiting("budget", limit)]);
    Program::start_timed(
        seed,
        |exporter, clock| TailSampler::with_clock(settings, exporter, clock).unwrap(),
        |_| Ratio::new(head),
    )
}

/// Handles requests for some seconds. The budget is spent at the end of each.
fn run(program: &mut Program, rate: f64, seconds: usize) -> Vec<HashMap<String, Tally>> {
    (0..seconds).map(|_| program.tally(rate, SECOND, key)).collect()
}

#[test]
fn in_steady_state_and_after_jumps() {
    const LIMIT: u64 = 2_000;
    let limit = LIMIT as f64;
    for (name, head) in HEADS {
        for load in [1.0, 5.0, 20.0] {
            let mut program = start(7, LIMIT, head);
            for (second, tally) in run(&mut program, limit * load / head, 3).iter().enumerate() {
                let kept = total(tally).kept;
                assert!((kept / limit - 1.0).abs() < 0.1, "{name}, load {load}, second {second}: {kept}");
            }
        }
        let mut program = start(8, LIMIT, head);
        for load in [2.0, 20.0, 2.0] {
            for (second, tally) in run(&mut program, limit * load / head, 2).iter().enumerate() {
                let kept = total(tally).kept;
                assert!((kept / limit - 1.0).abs() < 0.1, "{name}, jump to {load}, second {second}: {kept}");
            }
        }
    }
}

#[test]
fn counts_in_two_hundred_runs() {
    const LIMIT: u64 = 10;
    for (name, head) in HEADS {
        for load in [1.0, 5.0, 20.0] {
            let runs: Vec<Vec<HashMap<String, Tally>>> = (0..RUNS)
                .map(|seed| run(&mut start(2_000 + seed, LIMIT, head), LIMIT as f64 * load / head, 3))
                .collect();
            for key in KEYS {
                let of_key = |second: &HashMap<String, Tally>| second.get(key).copied().unwrap_or_default();
                check(&format!("{name}, load {load}, {key}"), &runs, of_key);
            }
            check(&format!("{name}, load {load}, total"), &runs, total);
        }
    }
}

/// Checks that the estimates have no bias, and vary little more than those of ideal sampling at the rate of each second.
fn check(what: &str, runs: &[Vec<HashMap<String, Tally>>], part: impl Fn(&HashMap<String, Tally>) -> Tally) {
    let sum = |run: &Vec<_>| run.iter().map(&part).fold(Tally::default(), |sum, second| sum + second);
    let ratios: Vec<f64> = runs.iter().map(|run| sum(run).ratio()).collect();
    let (mean, deviation, error) = statistics(&ratios);
    assert!((mean - 1.0).abs() <= 3.0 * error + ROUNDING, "{what}: the mean is {mean} ± {error}");
    let variance = |second: &HashMap<String, Tally>| {
        let all = total(second);
        part(second).arrived * (all.arrived / all.kept - 1.0)
    };
    let variances: f64 = runs.iter().flatten().map(variance).sum();
    let arrived: f64 = runs.iter().map(|run| sum(run).arrived).sum();
    let ideal = (variances / RUNS as f64).sqrt() / (arrived / RUNS as f64);
    assert!(
        deviation <= 1.2 * ideal + ROUNDING,
        "{what}: the deviation is {deviation}, that of ideal sampling {ideal}"
    );
}
