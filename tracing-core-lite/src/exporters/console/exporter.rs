//! Prints traces as they are completed.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use trace_view::{Span, WaterfallOptions, waterfall};

use super::pending::{Collected, Limits, Pending, Which};
use crate::cost::OwnThread;
use crate::pipeline::{Batch, ExportError, Exported, Exporter};
use crate::span::data::FinishedSpan;

/// How often the printing thread looks for traces that are due.
const TICK: Duration = Duration::from_millis(50);

/// An exporter that prints every trace as a [`waterfall`] to standard output or to another writer.
///
/// A trace is printed 100 ms after its root has ended. If its root is recorded elsewhere, it is printed after 2 s without
/// a new span. Shutdown prints the rest. The exporter holds at most 256 traces of 1,000 spans each. Beyond that, the
/// oldest trace is printed early, and further spans of a trace are only counted.
///
/// Clones share the traces. Give one to every provider of a process, and a trace through several services becomes one
/// picture. The shutdown or drop of the last clone prints the remaining traces.
///
/// Colours are used if standard output is a terminal and `NO_COLOR` is not set. The width is that of the variable
/// `COLUMNS`, or else 100 columns.
#[derive(Clone)]
pub struct ConsoleExporter {
    state: Arc<Mutex<State>>,
    /// Counts the clones. The printing thread holds none.
    handles: Arc<()>,
}

struct State {
    writer: Box<dyn Write + Send>,
    options: WaterfallOptions,
    limits: Limits,
    pending: Pending,
    /// Whether the printing thread runs.
    ticking: bool,
}

impl ConsoleExporter {
    /// Creates an exporter that prints to standard output.
    #[must_use]
    pub fn stdout() -> Self {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let columns = std::env::var("COLUMNS").ok().and_then(|value| value.parse().ok());
        Self::new(io::stdout())
            .with_color(!no_color && io::stdout().is_terminal())
            .with_width(columns.unwrap_or(WaterfallOptions::new().width))
    }

    /// Creates an exporter that prints to `writer`, without colours and 100 columns wide.
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
            options: WaterfallOptions::new(),
            limits,
            pending: Pending::default(),
            ticking: false,
        };
        Self { state: Arc::new(Mutex::new(state)), handles: Arc::new(()) }
    }

    /// Switches colours on or off.
    #[must_use]
    pub fn with_color(self, color: bool) -> Self {
        self.change(|state| state.options.color = color)
    }

    /// Sets the width in columns.
    #[must_use]
    pub fn with_width(self, columns: usize) -> Self {
        self.change(|state| state.options.width = columns)
    }

    /// Sets how many traces the exporter holds, and how many spans of each.
    #[must_use]
    pub fn with_limits(self, traces: usize, spans_per_trace: usize) -> Self {
        self.change(|state| {
            state.limits.traces = traces;
            state.limits.spans_per_trace = spans_per_trace;
        })
    }

    /// Sets how long after its latest span a trace is printed: `settle` if its root has ended, `quiet` otherwise.
    #[must_use]
    pub fn with_patience(self, settle: Duration, quiet: Duration) -> Self {
        self.change(|state| (state.limits.settle, state.limits.quiet) = (settle, quiet))
    }

    fn change<T>(self, change: impl FnOnce(&mut State) -> T) -> Self {
        change(&mut self.lock());
        self
    }

    /// Starts the thread that prints traces when they are due. If it cannot be started, flush and shutdown print them.
    fn tick(&self, state: &mut State) {
        if !state.ticking {
            let shared = Arc::downgrade(&self.state);
            let thread = std::thread::Builder::new().name("console-traces".into());
            let print = move || {
                let _own = OwnThread::enter();
                while tick(&shared) {}
            };
            state.ticking = thread.spawn(print).is_ok();
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

/// Prints the traces that are due. Returns false when the thread must end.
fn tick(state: &Weak<Mutex<State>>) -> bool {
    std::thread::sleep(TICK);
    let Some(state) = state.upgrade() else { return false };
    let mut state = lock(&state);
    // The error is dropped here: a broken writer fails at shutdown too, which reports it.
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

    /// Prints the traces whose root has ended. The last clone prints all of them.
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
        let spans: Vec<_> = collected.spans.iter().map(Span::from).collect();
        let mut text = waterfall(&spans, &self.options);
        match collected.left_out {
            0 => {}
            1 => text += "… and 1 more span\n",
            more => text += &format!("… and {more} more spans\n"),
        }
        writeln!(self.writer, "{text}")
    }
}

impl Drop for ConsoleExporter {
    fn drop(&mut self) {
        if self.is_last() {
            // A drop cannot report an error.
            let _ = self.lock().print_all(Which::All);
        }
    }
}

impl fmt::Debug for ConsoleExporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsoleExporter").field("options", &self.lock().options).finish_non_exhaustive()
    }
}
