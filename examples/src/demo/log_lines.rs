//! Keeps the log lines of the demo until they are printed below their traces.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::{Event, Subscriber};
use tracing_core_lite::log;
use tracing_core_lite::opentelemetry::trace::TraceId;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter};
use tracing_subscriber::registry::LookupSpan;

/// All lines so far. Clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct LogLines(Arc<Mutex<Vec<u8>>>);

impl LogLines {
    /// Starts keeping what this process logs.
    pub(super) fn start() -> Self {
        let lines = Self::default();
        let subscriber =
            tracing_subscriber::fmt().event_format(ByService).with_writer(lines.clone()).finish();
        // If there already is a subscriber, it gets the lines instead.
        let _ = tracing::subscriber::set_global_default(subscriber);
        lines
    }

    /// Returns the lines with this trace id.
    pub(super) fn of(&self, trace_id: TraceId) -> Vec<String> {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&bytes);
        let id = trace_id.to_string();
        text.lines().filter(|line| line.contains(&id)).map(str::to_owned).collect()
    }
}

impl<'a> MakeWriter<'a> for LogLines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Write for LogLines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The core's text format, with the name of the service whose module logs.
///
/// A service usually has a process of its own and passes its name to `log::text`. The demo runs all services in one process.
struct ByService;

impl<S, N> FormatEvent<S, N> for ByService
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        // `examples::shop::services::orders::service` is a module of orders.
        let mut modules =
            event.metadata().target().split("::").skip(2).skip_while(|&module| module == "services");
        let module = modules.next().unwrap_or_default();
        log::text(module.replace('_', "-")).format_event(context, writer, event)
    }
}
