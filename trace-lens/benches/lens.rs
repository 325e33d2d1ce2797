//! Measures trace-lens against its bounds: a million spans from OTLP protobuf to answers, the speed of JSON lines, and how
//! often `why` is right. With `--spill 100000000`, it measures that many spans on disk instead. Exits with 1 if a bound is
//! missed.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a program for the terminal")]

#[path = "support/generate.rs"]
mod generate;
#[path = "support/spill.rs"]
mod spill;
#[path = "../tests/support/why_cases.rs"]
mod why_cases;

use std::fs;
use std::process::ExitCode;
use std::time::Instant;

use generate::{Ledger, generate};
use trace_lens::Lens;
use trace_lens::analysis::{DependencyMap, LatencySummary};
use trace_lens::read::{ReadOptions, read_files};
use trace_lens::write::otlp_json;
use why_cases::{SEEDS, SLOW, case};

/// The bounds on two processors.
const MAX_SECONDS: f64 = 5.0;
const MAX_MEMORY: f64 = 1e9;
const LEAST_JSON: f64 = 150e6;
const LEAST_RIGHT: usize = 95;

fn main() -> ExitCode {
    // cargo passes `--bench`.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|it| it != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(|it| it.trim_start_matches("--")).collect();
    let number = |name: &str| {
        let at = arguments.iter().position(|it| *it == name)?;
        arguments.get(at + 1)?.replace('_', "").parse::<u64>().ok()
    };
    let wants = |part: &str| arguments.is_empty() || arguments.contains(&part);
    let mut is_good = true;
    if wants("spans") {
        is_good &= protobuf(number("spans").unwrap_or(1_000_000));
    }
    if wants("json") {
        is_good &= json();
    }
    if wants("why") {
        is_good &= why();
    }
    // Not by default, because it takes disk space and, with the full number, tens of minutes.
    if arguments.contains(&"spill") {
        is_good &= spill::run(number("spill").unwrap_or(100_000_000));
    }
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn verdict(is_good: bool) -> &'static str {
    if is_good { "ok" } else { "MISSED" }
}

#[allow(clippy::cast_precision_loss)]
fn protobuf(spans: u64) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("spans.pb").to_str().unwrap().to_owned();
    let ledger = generate(spans, &mut fs::File::create(&file).unwrap());
    let size = fs::metadata(&file).unwrap().len();
    println!(
        "{spans} spans, {} traces, {:.0} bytes a span, scattered",
        ledger.traces,
        size as f64 / spans as f64
    );
    let start = Instant::now();
    let input = read_files(&[file], &ReadOptions::new()).unwrap();
    let read = start.elapsed().as_secs_f64();
    let lens = Lens::from(input);
    let (path, map, errors, latency) =
        (lens.path_totals(), lens.dependencies(), lens.errors(), lens.latency());
    let seconds = start.elapsed().as_secs_f64();
    let memory = peak_memory();
    let found = Ledger {
        spans: lens.spans().len() as u64,
        traces: path.traces,
        failed: errors.failed,
        path: path.total,
        calls: calls(&map),
        slow: slow(&latency),
    };
    let is_right = found == ledger;
    println!("answers equal the ledger: {} ({found:?})", verdict(is_right));
    let bound = MAX_SECONDS * spans as f64 / 1e6;
    println!(
        "read in {read:.2} s; path, map, errors and latency after {seconds:.2} s (at most {bound}): {}",
        verdict(seconds < bound)
    );
    let start = Instant::now();
    let summary = lens.summary();
    println!(
        "all other results in {:.2} s more ({} services)",
        start.elapsed().as_secs_f64(),
        summary.quality.services.len()
    );
    let fits = spans > 1_000_000 || memory < MAX_MEMORY;
    println!("peak memory {:.0} MB (at most {:.0}): {}", memory / 1e6, MAX_MEMORY / 1e6, verdict(fits));
    is_right && seconds < bound && fits
}

/// The number of calls between services.
fn calls(map: &DependencyMap) -> u64 {
    map.edges.iter().filter(|it| it.0 != "user").flat_map(|it| it.1.values()).map(|it| it.calls).sum()
}

/// The number of traces in the last bucket.
fn slow(latency: &LatencySummary) -> u64 {
    latency.buckets(&latency.all).last().and_then(|it| it.2).map_or(0, |it| it.traces)
}

/// The peak of the memory of this process in bytes, 0 where the system does not say.
fn peak_memory() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:"));
    line.and_then(|it| it.trim().trim_end_matches(" kB").parse::<f64>().ok()).unwrap_or(0.0) * 1024.0
}

#[allow(clippy::cast_precision_loss)]
fn json() -> bool {
    let folder = tempfile::tempdir().unwrap();
    let proto = folder.path().join("spans.pb").to_str().unwrap().to_owned();
    let lines = folder.path().join("spans.jsonl").to_str().unwrap().to_owned();
    generate(200_000, &mut fs::File::create(&proto).unwrap());
    let input = read_files(&[proto], &ReadOptions::new()).unwrap();
    otlp_json(&input.spans, &mut std::io::BufWriter::new(fs::File::create(&lines).unwrap())).unwrap();
    drop(input);
    let size = fs::metadata(&lines).unwrap().len() as f64;
    // The best of three: other programs only make it slower.
    let speed = (0..3)
        .map(|_| {
            let start = Instant::now();
            let input =
                read_files(std::slice::from_ref(&lines), &ReadOptions::new().with_threads(1)).unwrap();
            assert_eq!(input.spans.len(), 200_000);
            size / start.elapsed().as_secs_f64()
        })
        .fold(0.0, f64::max);
    println!(
        "JSON lines, one thread: {:.0} MB/s of {:.0} MB (at least {:.0}): {}",
        speed / 1e6,
        size / 1e6,
        LEAST_JSON / 1e6,
        verdict(speed >= LEAST_JSON)
    );
    speed >= LEAST_JSON
}

fn why() -> bool {
    let is_slow = |trace: trace_lens::Trace<'_>| trace.main().is_some_and(|it| it.duration() > SLOW);
    let (mut found, mut silent) = (0, 0);
    for seed in SEEDS {
        let (records, planted) = case(seed, true);
        let planted = planted.unwrap();
        let why = Lens::from_records(records).why(is_slow).why();
        let first = why.reasons.first();
        found += usize::from(first.is_some_and(|it| it.key == planted.key && it.value == planted.value));
        let why = Lens::from_records(case(seed, false).0).why(is_slow).why();
        silent += usize::from(why.reasons.is_empty());
    }
    println!(
        "why: the planted cause is the first answer in {found} of 100 cases (at least {LEAST_RIGHT}): {}",
        verdict(found >= LEAST_RIGHT)
    );
    println!(
        "why: nothing significant in {silent} of 100 cases without a cause (at least {LEAST_RIGHT}): {}",
        verdict(silent >= LEAST_RIGHT)
    );
    found >= LEAST_RIGHT && silent >= LEAST_RIGHT
}
