//! The output of the demo.

use std::collections::HashSet;
use std::io::{self, Write};
use std::net::SocketAddr;

use terminal_size::{Width, terminal_size};
use trace_view::{Span, WaterfallOptions};
use tracing_core_lite::opentelemetry::trace::TraceId;
use tracing_core_lite::span::data::FinishedSpan;

use super::log_lines::LogLines;
use super::{Options, OrderKind, Placed, Sight, root_cause};

const BOLD: &str = "1";
const DIM: &str = "2";
const RED: &str = "31";
const GREEN: &str = "32";

/// Writes to `out`, with or without colors.
pub(super) struct Report<W> {
    out: W,
    color: bool,
    columns: usize,
}

impl<W: Write> Report<W> {
    pub(super) fn new(out: W, color: bool) -> Self {
        let columns = terminal_size().map_or(100, |(Width(columns), _)| usize::from(columns));
        // Longer lines are hard to read.
        Self { out, color, columns: columns.clamp(80, 120) }
    }

    pub(super) fn services(&mut self, addresses: &[(&str, SocketAddr)]) -> io::Result<()> {
        let text = format!("The shop: {} services, each with its own tracer provider", addresses.len());
        self.heading(&text)?;
        for (service, address) in addresses {
            writeln!(self.out, "  {service:<16}http://{address}")?;
        }
        Ok(())
    }

    /// Prints which brokers the shop uses, in one line.
    pub(super) fn brokers(&mut self, kafka: Option<&str>, amqp: Option<&str>) -> io::Result<()> {
        let kafka = kafka.unwrap_or("librdkafka's mock cluster");
        let amqp = if amqp.is_some() { "at AMQP_URL" } else { "replaced by tasks" };
        let hint = self.styled(DIM, "(set KAFKA_BROKERS and AMQP_URL to use brokers)");
        writeln!(self.out, "  Kafka: {kafka}; AMQP: {amqp} {hint}")
    }

    /// Prints the trace of the nightly job.
    pub(super) fn night(&mut self, spans: &[FinishedSpan]) -> io::Result<()> {
        self.heading("The nightly reconciliation: 10,000 records, one batch")?;
        let night: Vec<_> =
            spans.iter().filter(|it| it.service_name() == "reconciliation").cloned().collect();
        self.waterfall(&night)
    }

    pub(super) fn orders_begin(&mut self, count: usize) -> io::Result<()> {
        let noun = if count == 1 { "order" } else { "orders" };
        self.heading(&format!("Placing {count} {noun}"))
    }

    pub(super) fn order_placed(&mut self, number: usize, order: &Placed) -> io::Result<()> {
        let status = order.status().map_or("---".to_owned(), |status| status.as_u16().to_string());
        let color = if order.outcome.is_ok() { GREEN } else { RED };
        let (status, trace) = (self.styled(color, &status), self.styled(DIM, &order.trace_id.to_string()));
        let (kind, millis) = (order.kind.name(), order.waited.as_millis());
        writeln!(self.out, "  {number:>3}  {kind:<10} {status} {millis:>6} ms  {trace}")
    }

    /// Prints the waterfall of an order, the root cause of its error, and the log lines of its trace.
    pub(super) fn order(
        &mut self,
        order: &Placed,
        spans: &[FinishedSpan],
        log_lines: &LogLines,
    ) -> io::Result<()> {
        let trace: Vec<_> = spans.iter().filter(|it| it.span.trace_id == order.trace_id).cloned().collect();
        let follows = |it: &&FinishedSpan| {
            it.span.is_root() && it.span.links.iter().any(|link| link.trace_id == order.trace_id)
        };
        let jobs: Vec<_> = spans.iter().filter(follows).cloned().collect();

        self.heading(order.kind.headline())?;
        self.waterfall(&trace)?;
        if let Some(cause) = root_cause(&trace) {
            let label = if order.outcome.is_ok() { "recovered from" } else { "root cause" };
            let label = self.styled(BOLD, label);
            writeln!(self.out, "\n{label}: {cause}")?;
        }
        // Every order has such traces. Showing them once is enough.
        if order.kind == OrderKind::Ordinary && !jobs.is_empty() {
            writeln!(
                self.out,
                "\nNo request waits for the messages to the customer, so each is a trace of its own:"
            )?;
            self.waterfall(&jobs)?;
        }
        let ids: HashSet<TraceId> = jobs.iter().map(|it| it.span.trace_id).collect();
        let lines = [order.trace_id].into_iter().chain(ids).flat_map(|id| log_lines.of(id));
        writeln!(self.out, "\nLog lines:")?;
        for line in lines.collect::<Vec<_>>() {
            self.log_line(&line)?;
        }
        Ok(())
    }

    fn waterfall(&mut self, spans: &[FinishedSpan]) -> io::Result<()> {
        let options = WaterfallOptions::new().with_color(self.color).with_width(self.columns);
        let spans: Vec<Span> = spans.iter().map(Into::into).collect();
        write!(self.out, "{}", trace_view::waterfall(&spans, &options))
    }

    /// Prints a line wrapped, with the ids on a line of their own, because most lines are wider than a terminal.
    fn log_line(&mut self, line: &str) -> io::Result<()> {
        let (text, ids) = line.split_once(" trace_id=").unwrap_or((line, ""));
        for row in wrapped(text, self.columns) {
            writeln!(self.out, "{row}")?;
        }
        if !ids.is_empty() {
            let ids = self.styled(DIM, &format!("trace_id={ids}"));
            writeln!(self.out, "      {ids}")?;
        }
        Ok(())
    }

    pub(super) fn checks_begin(&mut self) -> io::Result<()> {
        self.heading("Checks")
    }

    pub(super) fn written(&mut self, options: &Options, spans: usize) -> io::Result<()> {
        if let Some(path) = &options.otlp_file {
            writeln!(self.out, "  {spans} spans appended to {} as lines of OTLP JSON", path.display())?;
        }
        if let Some(url) = &options.otlp_endpoint {
            writeln!(self.out, "  {spans} spans sent to {url}")?;
        }
        if let Some(path) = &options.svg {
            writeln!(self.out, "  a trace drawn in {}", path.display())?;
        }
        Ok(())
    }

    /// A line for each thing that there was to see.
    pub(super) fn sights(&mut self, sights: &[Sight]) -> io::Result<()> {
        for Sight { what, seen } in sights {
            // The verdict lists what was not seen.
            let Ok(seen) = seen else { continue };
            let mark = self.styled(GREEN, "✓");
            writeln!(self.out, "  {mark} {}{seen}", self.styled(BOLD, &format!("{what:<23}")))?;
        }
        Ok(())
    }

    /// Prints the problems and the closing line.
    pub(super) fn verdict(
        &mut self,
        orders: usize,
        spans: &[FinishedSpan],
        problems: &[String],
    ) -> io::Result<()> {
        for problem in problems {
            let text = self.styled(RED, &format!("✗ {problem}"));
            writeln!(self.out, "{text}")?;
        }
        let spans = spans.len();
        let checked = format!("{spans} spans of {orders} orders checked");
        let text = match problems.len() {
            0 => self.styled(
                GREEN,
                &format!("✓ {checked}: one trace each, no orphans, all nested, root causes known"),
            ),
            count => self.styled(RED, &format!("✗ {checked}: {count} problems, see above")),
        };
        writeln!(self.out, "{text}")
    }

    /// Prints a heading, with a rule up to the right margin.
    fn heading(&mut self, text: &str) -> io::Result<()> {
        let rule = "─".repeat(self.columns.saturating_sub(text.chars().count() + 4));
        let heading = self.styled(BOLD, text);
        let (left, right) = (self.styled(DIM, "──"), self.styled(DIM, &rule));
        writeln!(self.out, "\n{left} {heading} {right}")
    }

    fn styled(&self, style: &str, text: &str) -> String {
        if self.color { format!("\u{1b}[{style}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// Breaks a line between words. All rows but the first are indented further.
fn wrapped(line: &str, columns: usize) -> Vec<String> {
    let mut rows = Vec::new();
    let mut row = String::from(" ");
    for word in line.split(' ') {
        if row.chars().count() + 1 + word.chars().count() > columns && !row.trim().is_empty() {
            rows.push(std::mem::replace(&mut row, " ".repeat(5)));
        }
        row.push(' ');
        row.push_str(word);
    }
    rows.push(row);
    rows
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn lines_are_broken_between_words() {
        assert_eq!(wrapped("a short line", 40), ["  a short line"]);
        assert_eq!(wrapped("two  blanks stay", 12), ["  two ", "      blanks", "      stay"]);
        assert_eq!(wrapped("one two three four", 13), ["  one two", "      three", "      four"]);
        assert_eq!(wrapped("indivisible", 5), ["  indivisible"]);
    }
}
