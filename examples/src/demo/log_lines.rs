//! The log lines of the demo, kept until they are shown beside their traces.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::{Event, Subscriber};
use tracing_core_lite::log;
use tracing_core_lite::opentelemetry::trace::TraceId;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter};
use tracing_subscriber::registry::LookupSpan;

/// All lines so far; clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct LogLines(Arc<Mutex<Vec<u8>>>);

impl LogLines {
    /// Keeps what this process logs from now on.
    pub(super) fn start() -> Self {
        let lines = Self::default();
        let subscriber =
            tracing_subscriber::fmt().event_format(ByService).with_writer(lines.clone()).finish();
        // When somebody else has set one, the lines are theirs.
        let _ = tracing::subscriber::set_global_default(subscriber);
        lines
    }

    /// The lines with this trace id.
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

/// The core's text format, under the name of the service whose module logs.
///
/// A service has one process and one name, and gives that to `log::text` itself. Only here one process plays them all.
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
        // `examples::shop::orders::service` is a module of orders.
        let module = event.metadata().target().split("::").nth(2).unwrap_or_default();
        log::text(module.replace('_', "-")).format_event(context, writer, event)
    }
}
