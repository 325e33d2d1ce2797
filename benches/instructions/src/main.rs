//! The calls whose instructions `cargo xtask bench instructions` counts under callgrind.
//!
//! `instructions list` prints the cases, one per line: name and parent, separated by a tab.
//! `instructions run NAME PARENT FORM CALLS` warms up, then makes the calls inside [`count_instructions`], the one
//! function that callgrind is told to collect, without the work in [`not_counted`]. Every case has the form `bare`, without
//! tracing, and `traced`, so that the difference is what tracing adds. `over-sdk` records through opentelemetry_sdk, and `sdk-span` makes only
//! the same span by hand.
//!
//! The program uses only public API and has no other purpose, so that it can be compiled at two revisions and compared. When
//! an API changes, change the call here in the same commit and keep the names of the cases.

mod amqp;
mod case;
mod grpc;
mod http;
mod kafka;
mod redis;
mod sdk;
mod span;
mod sql;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use case::{Case, Parent, Provider, Work};

/// Calls before the count starts: caches fill, pools reach their size.
const WARM_UP: u32 = 500;
/// Calls in a row. What follows them is not counted: a pause, in which the export thread catches up, and the rest of the case.
const ROUND: u32 = 100;
/// Without a pause the export thread falls behind in some runs, and the calls pay for new buffers.
const PAUSE: Duration = Duration::from_millis(10);

/// Whether callgrind counts now.
static COUNTS: AtomicBool = AtomicBool::new(false);

const GROUPS: [fn() -> Vec<Case>; 7] =
    [span::cases, http::cases, grpc::cases, sql::cases, kafka::cases, amqp::cases, redis::cases];

fn main() -> Result<(), String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["list"] => {
            for case in all_cases() {
                for parent in case.parents {
                    println!("{}\t{}", case.name, parent.name());
                }
            }
            Ok(())
        }
        ["run", name, parent, form, calls] => {
            let calls = calls.parse().map_err(|_| format!("{calls:?} is not a number of calls"))?;
            run(name, Parent::named(parent)?, form, calls)
        }
        _ => Err("usage: instructions list | run NAME PARENT bare|traced|over-sdk|sdk-span CALLS".into()),
    }
}

fn all_cases() -> Vec<Case> {
    GROUPS.iter().flat_map(|cases| cases()).collect()
}

fn run(name: &str, parent: Parent, form: &str, calls: u32) -> Result<(), String> {
    let case = all_cases().into_iter().find(|case| case.name == name);
    let case = case.ok_or_else(|| format!("there is no case {name:?}"))?;
    // glibc's allocator takes its locks only in a process that has had a second thread, as every service has.
    std::thread::spawn(|| {}).join().map_err(|_| "the idle thread panicked")?;
    let mut work = match form {
        "bare" => (case.make)(parent, None),
        "traced" => {
            let provider = Provider::Suite(case::provider());
            let work = (case.make)(parent, Some(&provider));
            // It would be shut down if it were dropped.
            std::mem::forget(provider);
            work
        }
        "over-sdk" => {
            sdk::install();
            (case.make)(parent, Some(&Provider::OpenTelemetry))
        }
        "sdk-span" => sdk::by_hand(&case, parent)?,
        _ => return Err(format!("there is no form {form:?}")),
    };
    warm_up(&mut work);
    for _ in 0..calls / ROUND {
        count_instructions(&mut work, ROUND);
        rest(&mut work);
    }
    // Exporters and servers are stopped by the end of the process.
    std::process::exit(0);
}

fn warm_up(work: &mut Work) {
    for _ in 0..WARM_UP / ROUND {
        (0..ROUND).for_each(|_| (work.call)());
        rest(work);
    }
}

fn rest(work: &mut Work) {
    std::thread::sleep(PAUSE);
    (work.rest)();
}

/// The function that callgrind collects.
#[inline(never)]
fn count_instructions(work: &mut Work, calls: u32) {
    COUNTS.store(true, Ordering::Relaxed);
    (0..calls).for_each(|_| (work.call)());
    COUNTS.store(false, Ordering::Relaxed);
}

/// Runs the part of a call that waits for another thread, and is therefore not counted.
pub fn uncounted(mut work: impl FnMut()) {
    // callgrind switches when it enters and leaves the function, whether or not it counts.
    if COUNTS.load(Ordering::Relaxed) { not_counted(&mut work) } else { work() }
}

/// The function in which callgrind stops to collect.
#[inline(never)]
fn not_counted(work: &mut dyn FnMut()) {
    work();
}
