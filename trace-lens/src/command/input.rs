//! Reads the files of a command, and selects traces.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use trace_lens::analysis::Merge;
use trace_lens::filter::{Filter, Query, parse_time};
use trace_lens::model::Trace;
use trace_lens::read::{FileReport, ReadOptions};
use trace_lens::{Lens, SpanStore, StoreOptions};

use super::answer::Failure;
use super::args::{Options, Shared};
use super::size::size;

/// The number of bytes after which progress is shown, and between two such lines.
const STEP: u64 = 64 << 20;

/// The traces that a command is about.
pub(crate) struct Traces {
    store: SpanStore,
}

/// A lens that holds a trace, and maybe others.
pub(crate) struct Found<'t> {
    lens: Cow<'t, Lens>,
    id: u128,
}

impl Found<'_> {
    pub(crate) fn lens(&self) -> &Lens {
        &self.lens
    }

    pub(crate) fn trace(&self) -> Result<Trace<'_>, Failure> {
        self.lens.trace(self.id).ok_or_else(|| no_trace(&format!("{:032x}", self.id)))
    }
}

fn no_trace(id: &str) -> Failure {
    Failure::TooLittle(format!("there is no trace {id}; `trace-lens search FILE` lists them"))
}

impl Traces {
    /// Calls `visit` with all traces, or with one part of them after the other if they are on disk.
    pub(crate) fn for_each_part(
        &self,
        visit: impl FnMut(&Lens) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.store.for_each_part(visit)
    }

    /// Returns the result over all traces.
    pub(crate) fn merged<T: Merge>(&self, analyse: impl Fn(&Lens) -> T) -> Result<T, Failure> {
        let merged = self.store.merged(analyse).map_err(Failure::unusable)?;
        merged.ok_or_else(|| Failure::TooLittle("no trace matches the filters".to_owned()))
    }

    /// Returns the trace with this id or prefix of an id, or the slowest trace, or the slowest failed trace.
    pub(crate) fn find(&self, id: &str) -> Result<Found<'_>, Failure> {
        let full = match id {
            "slowest" => self.slowest(|_| true)?,
            "failed" => self.slowest(|trace| trace.spans().any(|it| it.is_failed()))?,
            _ => self.by_prefix(id)?,
        };
        let full = full.ok_or_else(|| no_trace(id))?;
        let lens = self.store.lens_with(full).map_err(Failure::unusable)?;
        Ok(Found { lens: lens.ok_or_else(|| no_trace(id))?, id: full })
    }

    fn slowest(&self, keep: impl Fn(Trace<'_>) -> bool) -> Result<Option<u128>, Failure> {
        let slowest = self.merged(|lens| lens.slowest(1, &keep))?;
        Ok(slowest.traces.first().and_then(|it| u128::from_str_radix(&it.trace_id, 16).ok()))
    }

    fn by_prefix(&self, id: &str) -> Result<Option<u128>, Failure> {
        let prefix = id.to_ascii_lowercase();
        let mut found = None;
        self.for_each_part(|lens| {
            let ids = lens.traces().map(|trace| trace.id()).filter(|id| {
                let full = format!("{id:032x}");
                full.starts_with(&prefix) || full.trim_start_matches('0') == prefix.trim_start_matches('0')
            });
            for id in ids {
                if found.replace(id).is_some() {
                    let message = format!("several traces begin with {prefix}; write more digits");
                    return Err(Failure::unusable(message));
                }
            }
            Ok(())
        })?;
        Ok(found)
    }
}

/// Reads the files. The filters apply to all results.
pub(crate) fn load(shared: &Shared) -> Result<Traces, Failure> {
    load_files(&shared.files, &shared.options)
}

pub(crate) fn load_files(files: &[String], options: &Options) -> Result<Traces, Failure> {
    let filter = filter(options)?;
    let store = read(files, options)?;
    let has_problems = store.reports().iter().any(|it| it.skipped > 0);
    let others: u64 = store.reports().iter().map(|it| it.other_signals).sum();
    if store.is_empty() && has_problems {
        return Err(Failure::unusable("no span could be read"));
    }
    if store.is_empty() {
        let what = if others > 0 { "logs and metrics, but no spans" } else { "no spans" };
        return Err(Failure::TooLittle(format!("the input holds {what}")));
    }
    let store = store.with_filter(filter);
    Ok(Traces { store: if options.raw_times { store } else { store.with_corrected_times() } })
}

fn read(files: &[String], options: &Options) -> Result<SpanStore, Failure> {
    let stdin = ["-".to_owned()];
    let files = match files {
        [] if io::stdin().is_terminal() => {
            return Err(Failure::unusable("no file given; `trace-lens --help` shows how to use it"));
        }
        [] => &stdin,
        files => files,
    };
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let memory = size(&options.memory)? as usize;
    let mut how = StoreOptions::new().with_read_options(read_options()).with_memory(memory);
    if let Some(folder) = &options.spill_folder {
        how = how.with_folder(folder);
    }
    let store = SpanStore::open(files.iter().cloned(), &how).map_err(Failure::unusable)?;
    store.reports().iter().for_each(tell);
    Ok(store)
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
fn read_options() -> ReadOptions {
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
