//! In `collector` mode, the tail sampler decides like the Collector's `tail_sampling` processor about 10,000 hard traces.
//!
//! The Collector's decisions are recorded in `collector-decisions.txt`, which names its version; `cargo xtask peers
//! record-tail` records them anew. Every policy type that both have is used with its options.
//!
//! These differences are known:
//! - `probabilistic`: the Collector's hash is not reproduced, so that the rates are compared.
//! - `rate_limiting` and `bytes_limiting` with a budget for many traces: the Collector looks at the traces of a second in
//!   random order, so that the number of kept traces is compared. With a budget for one trace, every decision is.
//! - `composite` with less than its sub-policies ask for: likewise random in the Collector. Its shares are compared with the
//!   source in the unit tests of the plan.
//! - A status code that OTLP does not define counts as UNSET here, and as none in the Collector.
//! - Above `num_traces` the oldest trace is decided here, and dropped undecided in the Collector.
#![cfg(feature = "collector-config")]
#![allow(clippy::unwrap_used)]

mod hard_traces;

use std::sync::LazyLock;
use std::time::Duration;

use hard_traces::{CASES, Case, Decides, LATE, Recorded, Recording, TRACES, Traffic};
use tracing_core_lite::pipeline::Batch;
use tracing_core_lite::pipeline::view::RequestView;
use tracing_sampling::config::collector::TailSampling;
use tracing_sampling::tail::TailBuffer;

const RECORDING: &str = include_str!("collector-decisions.txt");

const WAIT: Duration = Duration::from_secs(25);

fn traffic() -> &'static Traffic {
    static TRAFFIC: LazyLock<Traffic> = LazyLock::new(Traffic::new);
    &TRAFFIC
}

/// Returns the requests of each round.
fn batches() -> &'static [Vec<Batch>] {
    static BATCHES: LazyLock<Vec<Vec<Batch>>> = LazyLock::new(|| {
        let of = |(request, spans): &(Vec<u8>, usize)| Batch::new(request.clone().into(), *spans);
        traffic().rounds.iter().map(|round| round.iter().map(of).collect()).collect()
    });
    &BATCHES
}

/// Returns what our tail sampler decides.
fn decide(case: &Case, traffic: &Traffic) -> Recorded {
    let yaml = format!("{{decision_wait: {}s, num_traces: 50000, {}}}", WAIT.as_secs(), case.section);
    let read = TailSampling::from_yaml(&yaml).unwrap_or_else(|error| panic!("{}: {error}", case.name));
    let mut buffer = TailBuffer::new(read.settings).unwrap();
    let mut exported = vec![0; TRACES];
    let mut collect = |batches: Vec<Batch>| {
        for batch in batches {
            let view = RequestView::new(batch.request());
            view.each_span(|_, _, span| {
                let id = u64::from_be_bytes(span.head().unwrap().span_id.to_bytes());
                exported[(id >> 8) as usize - 1] += 1;
            })
            .unwrap();
        }
    };
    let mut now = Duration::ZERO;
    for (round, batches) in batches().iter().enumerate() {
        for batch in batches {
            buffer.add(batch, now);
            now += Duration::from_millis(1);
        }
        if round + 1 == LATE {
            // In steps, so that a bucket fills between two requests, as it does in the Collector between two traces.
            while let Some(next) = buffer.poll(now) {
                now = now.max(next);
            }
        }
        collect(buffer.take_kept());
    }
    let stats = buffer.stats();
    assert_eq!(stats.received.spans, traffic.spans.iter().sum::<usize>() as u64, "{}", case.name);
    assert_eq!(
        stats.received.spans,
        stats.kept.spans + stats.dropped.spans,
        "{}: nothing is pending",
        case.name
    );
    let kept = exported.iter().map(|spans| *spans > 0).collect();
    let split = exported.iter().zip(&traffic.spans).filter(|(exported, _)| **exported > 0);
    Recorded { kept, split_spans: split.map(|(exported, all)| all.abs_diff(*exported)).sum() }
}

/// Compares decisions. Returns what is wrong.
fn compare(case: &Case, recorded: &Recorded, ours: &Recorded) -> Result<(), String> {
    let kept = |of: &Recorded| of.kept.iter().filter(|kept| **kept).count();
    let (theirs, here) = (kept(recorded), kept(ours));
    if !(TRACES / 10..=TRACES * 9 / 10).contains(&theirs) {
        return Err(format!("{}: kept {theirs}, which decides too little", case.name));
    }
    if recorded.split_spans + ours.split_spans > 0 {
        return Err(format!("{}: split {} and here {}", case.name, recorded.split_spans, ours.split_spans));
    }
    match case.decides {
        Decides::BySpans => {
            let different: Vec<usize> =
                (0..TRACES).filter(|at| recorded.kept[*at] != ours.kept[*at]).collect();
            match different.first() {
                None => Ok(()),
                Some(first) => Err(format!(
                    "{}: {} traces differ, the first is {first}, which the Collector {}",
                    case.name,
                    different.len(),
                    if recorded.kept[*first] { "keeps" } else { "drops" }
                )),
            }
        }
        Decides::ByChance => {
            // Both are random, so that the variance of the difference is the sum of theirs.
            let share = theirs as f64 / TRACES as f64;
            let deviation = (2.0 * share * (1.0 - share) * TRACES as f64).sqrt();
            let apart = (theirs as f64 - here as f64).abs();
            match apart <= 4.0 * deviation {
                true => Ok(()),
                false => Err(format!("{}: kept {theirs} and here {here}", case.name)),
            }
        }
    }
}

#[test]
fn decisions_are_those_of_the_collector() {
    let traffic = traffic();
    let recording = Recording::read(RECORDING);
    assert_eq!(
        recording.digest,
        traffic.digest(),
        "the traces have changed: run `cargo xtask peers record-tail`"
    );
    let names: Vec<&str> = recording.cases.keys().map(String::as_str).collect();
    let mut wanted: Vec<&str> = CASES.iter().map(|case| case.name).collect();
    wanted.sort_unstable();
    assert_eq!(names, wanted, "the configurations have changed: run `cargo xtask peers record-tail`");
    let half = CASES.len().div_ceil(2);
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let halves: Vec<_> = CASES
            .chunks(half)
            .map(|cases| {
                scope.spawn(|| {
                    let compared = |case| compare(case, &recording.cases[case.name], &decide(case, traffic));
                    cases.iter().filter_map(|case| compared(case).err()).collect::<Vec<_>>()
                })
            })
            .collect();
        halves.into_iter().flat_map(|half| half.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_traces_are_hard() {
    let traffic = traffic();
    let spans =
        |rounds: &[Vec<(Vec<u8>, usize)>]| rounds.iter().flatten().map(|(_, spans)| spans).sum::<usize>();
    let (all, late) = (spans(&traffic.rounds), spans(&traffic.rounds[LATE..]));
    assert_eq!(all, traffic.spans.iter().sum::<usize>());
    assert!((all * 4 / 100..all * 6 / 100).contains(&late), "{late} of {all} spans are late");
}
