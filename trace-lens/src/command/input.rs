//! Reads the files of a command, and selects traces.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use trace_lens::Lens;
use trace_lens::filter::{Filter, Query, parse_time};
use trace_lens::model::Trace;
use trace_lens::read::{FileReport, Input, ReadOptions, read_files};

use super::answer::Failure;
use super::args::{Options, Shared};

/// The number of bytes after which progress is shown, and between two such lines.
const STEP: u64 = 64 << 20;

/// Reads the files and applies the filters.
pub(crate) fn load(shared: &Shared) -> Result<Lens, Failure> {
    load_files(&shared.files, &shared.options)
}

pub(crate) fn load_files(files: &[String], options: &Options) -> Result<Lens, Failure> {
    let input = read(files)?;
    let is_empty = input.spans.is_empty();
    let has_problems = input.reports.iter().any(|it| it.skipped > 0);
    let others: u64 = input.reports.iter().map(|it| it.other_signals).sum();
    if is_empty && has_problems {
        return Err(Failure::unusable("no span could be read"));
    }
    if is_empty {
        let what = if others > 0 { "logs and metrics, but no spans" } else { "no spans" };
        return Err(Failure::TooLittle(format!("the input holds {what}")));
    }
    let mut spans = input.spans;
    let filter = filter(options)?;
    filter.apply(&mut spans);
    if spans.trace_count() == 0 {
        return Err(Failure::TooLittle("no trace matches the filters".to_owned()));
    }
    let lens = Lens::new(spans);
    Ok(if options.raw_times { lens } else { lens.with_corrected_times() })
}

fn read(files: &[String]) -> Result<Input, Failure> {
    let stdin = ["-".to_owned()];
    let files = match files {
        [] if io::stdin().is_terminal() => {
            return Err(Failure::unusable("no file given; `trace-lens --help` shows how to use it"));
        }
        [] => &stdin,
        files => files,
    };
    let input = read_files(files, &options()).map_err(Failure::unusable)?;
    for report in &input.reports {
        tell(report);
    }
    Ok(input)
}

/// Reports what could not be read.
fn tell(report: &FileReport) {
    if report.skipped > 0 || !report.problems.is_empty() {
        // Nothing helps if even this cannot be written.
        let _ = writeln!(
            io::stderr(),
            "trace-lens: {}",
            trace_lens::show::clean(&report.to_string()).replace("\\n", "\n")
        );
    }
}

/// Shows progress for large inputs if standard error is a terminal.
fn options() -> ReadOptions {
    if !io::stderr().is_terminal() {
        return ReadOptions::new();
    }
    let (read, start) = (AtomicU64::new(0), Instant::now());
    ReadOptions::new().with_progress(move |bytes| {
        let before = read.fetch_add(bytes, Ordering::Relaxed);
        let now = before + bytes;
        if before / STEP != now / STEP {
            let seconds = start.elapsed().as_secs_f64();
            let _ = write!(io::stderr(), "\rtrace-lens: {} MB read in {seconds:.0} s\x1b[K\r", now >> 20);
        }
    })
}

fn filter(options: &Options) -> Result<Filter, Failure> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |it| it.as_nanos());
    let now = u64::try_from(now).unwrap_or(u64::MAX);
    let time = |text: &String| {
        let wrong = || Failure::unusable(format!("{text:?} is no time; write 2026-11-30T12:00:00Z or 15m"));
        parse_time(text, now).ok_or_else(wrong)
    };
    let mut filter = Filter::new();
    if let Some(service) = &options.service {
        filter = filter.with_service(service);
    }
    if let Some(root) = &options.root {
        filter = filter.with_root(root);
    }
    if let Some(since) = &options.since {
        filter = filter.with_since(time(since)?);
    }
    if let Some(until) = &options.until {
        filter = filter.with_until(time(until)?);
    }
    if let Some(query) = &options.query {
        filter = filter.with_query(query.parse::<Query>().map_err(Failure::unusable)?);
    }
    Ok(filter)
}

/// Returns the trace with this id or prefix of an id, or the slowest trace, or the slowest failed trace.
pub(crate) fn find<'a>(lens: &'a Lens, id: &str) -> Result<Trace<'a>, Failure> {
    let root_failed = |trace: &Trace<'_>| trace.spans().any(|it| it.is_failed());
    let slowest = |traces: &mut dyn Iterator<Item = Trace<'a>>| {
        traces.max_by_key(|trace| trace.main().map(|main| main.duration()))
    };
    let found = match id {
        "slowest" => slowest(&mut lens.traces()),
        "failed" => slowest(&mut lens.traces().filter(root_failed)),
        _ => {
            let prefix = id.to_ascii_lowercase();
            let mut found = lens.traces().filter(|trace| {
                let full = format!("{:032x}", trace.id());
                full.starts_with(&prefix) || full.trim_start_matches('0') == prefix.trim_start_matches('0')
            });
            let first = found.next();
            if found.next().is_some() {
                return Err(Failure::unusable(format!("several traces begin with {id}; write more digits")));
            }
            first
        }
    };
    found.ok_or_else(|| {
        Failure::TooLittle(format!("there is no trace {id}; `trace-lens search FILE` lists them"))
    })
}
