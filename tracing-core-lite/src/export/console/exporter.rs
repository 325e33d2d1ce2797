//! Prints traces as they are completed.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::pending::{Collected, Limits, Pending, Which};
use super::render::{Options, count, waterfall};
use crate::export::{Batch, ExportError, Exported, Exporter};
use crate::span::data::FinishedSpan;

/// How often traces are looked at that may be due.
const TICK: Duration = Duration::from_millis(50);

/// Prints every trace as a [`waterfall`] to standard output, or to another writer.
///
/// A trace is printed 100 ms after its root's end, or after 2 s without a new span when its root is somewhere else,
/// and at the latest at shutdown. At most 256 traces of 1,000 spans each are held; beyond that the oldest trace is
/// printed early, and further spans are counted only.
///
/// Clones share the traces: give one to every provider of a process, and a trace through several services is one
/// picture. The last clone's shutdown, or drop, prints what is left.
///
/// Colours are used when standard output is a terminal and `NO_COLOR` is not set; the width is that of the variable
/// `COLUMNS`, else 100.
#[derive(Clone)]
pub struct ConsoleExporter {
    state: Arc<Mutex<State>>,
    /// One for every clone. The printing thread has none, so that it does not count.
    handles: Arc<()>,
}

struct State {
    writer: Box<dyn Write + Send>,
    options: Options,
    limits: Limits,
    pending: Pending,
    /// The printing thread runs.
    ticking: bool,
}

impl ConsoleExporter {
    /// Prints to standard output.
    #[must_use]
    pub fn stdout() -> Self {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let columns = std::env::var("COLUMNS").ok().and_then(|value| value.parse().ok());
        Self::new(io::stdout())
            .color(!no_color && io::stdout().is_terminal())
            .width(columns.unwrap_or(Options::new().width))
    }

    /// Prints to `writer`: without colours, 100 columns wide.
    #[must_use]
    pub fn new(writer: impl Write + Send + 'static) -> Self {
        let limits = Limits {
            traces: 256,
            spans_per_trace: 1000,
            settle: Duration::from_millis(100),
            quiet: Duration::from_secs(2),
        };
        let state = State {
            writer: Box::new(writer),
            options: Options::new(),
            limits,
            pending: Pending::default(),
            ticking: false,
        };
        Self { state: Arc::new(Mutex::new(state)), handles: Arc::new(()) }
    }

    /// Switches colours on or off.
    #[must_use]
    pub fn color(self, color: bool) -> Self {
        self.with(|state| state.options.color = color)
    }

    /// Sets the width, in columns.
    #[must_use]
    pub fn width(self, columns: usize) -> Self {
        self.with(|state| state.options.width = columns)
    }

    /// Sets how many traces are held, and how many spans of each.
    #[must_use]
    pub fn limits(self, traces: usize, spans_per_trace: usize) -> Self {
        self.with(|state| {
            state.limits.traces = traces;
            state.limits.spans_per_trace = spans_per_trace;
        })
    }

    /// Sets how long a trace is waited with after its latest span: `settle` when its root has ended, else `quiet`.
    #[must_use]
    pub fn patience(self, settle: Duration, quiet: Duration) -> Self {
        self.with(|state| (state.limits.settle, state.limits.quiet) = (settle, quiet))
    }

    fn with<T>(self, change: impl FnOnce(&mut State) -> T) -> Self {
        change(&mut self.lock());
        self
    }

    /// Starts the thread that prints traces when they are due. Without it they are printed at flush and shutdown.
    fn tick(&self, state: &mut State) {
        if !state.ticking {
            let shared = Arc::downgrade(&self.state);
            let thread = std::thread::Builder::new().name("console-traces".into());
            state.ticking = thread.spawn(move || while tick(&shared) {}).is_ok();
        }
    }

    fn is_last(&self) -> bool {
        Arc::strong_count(&self.handles) == 1
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Prints what is due; false when the thread shall end.
fn tick(state: &Weak<Mutex<State>>) -> bool {
    std::thread::sleep(TICK);
    let Some(state) = state.upgrade() else { return false };
    let mut state = lock(&state);
    // A writer that fails will fail at shutdown too, which reports it.
    let _ = state.print_all(Which::Due(Instant::now()));
    state.ticking = !state.pending.is_empty();
    state.ticking
}

fn failed(error: &io::Error) -> ExportError {
    ExportError::Permanent { reason: format!("printing traces: {error}") }
}

impl Exporter for ConsoleExporter {
    fn export(&mut self, batch: &Batch, _deadline: Instant) -> Result<Exported, ExportError> {
        let decoded = batch.decode().map_err(|error| ExportError::Permanent { reason: error.to_string() })?;
        let now = Instant::now();
        let mut state = self.lock();
        let limits = state.limits;
        for finished in FinishedSpan::flatten(decoded) {
            if let Some(displaced) = state.pending.add(finished, now, &limits) {
                state.print(&displaced).map_err(|error| failed(&error))?;
            }
        }
        self.tick(&mut state);
        Ok(Exported::default())
    }

    /// Prints the traces whose root has ended.
    fn flush(&mut self, _deadline: Instant) -> Result<(), ExportError> {
        self.lock().print_all(Which::Rooted).map_err(|error| failed(&error))
    }

    /// As [`flush`](Exporter::flush); the last clone prints all that is left.
    fn shutdown(&mut self, _deadline: Instant) -> Result<(), ExportError> {
        let which = if self.is_last() { Which::All } else { Which::Rooted };
        self.lock().print_all(which).map_err(|error| failed(&error))
    }
}

impl State {
    fn print_all(&mut self, which: Which) -> io::Result<()> {
        let limits = self.limits;
        for collected in self.pending.take(which, &limits) {
            self.print(&collected)?;
        }
        self.writer.flush()
    }

    fn print(&mut self, collected: &Collected) -> io::Result<()> {
        let mut text = waterfall(&collected.spans, &self.options);
        if collected.left_out > 0 {
            text += &format!("… and {}\n", count(collected.left_out, "more span"));
        }
        writeln!(self.writer, "{text}")
    }
}

impl Drop for ConsoleExporter {
    fn drop(&mut self) {
        if self.is_last() {
            // Nobody is left to tell.
            let _ = self.lock().print_all(Which::All);
        }
    }
}

impl fmt::Debug for ConsoleExporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsoleExporter").field("options", &self.lock().options).finish_non_exhaustive()
    }
}
