//! The waterfall as text for a terminal.

use std::fmt::Write;

use super::layout::{Line, Row, failures, lines, summary};
use super::palette::Palette;
use super::text::{cut, fit, human, width};
use crate::{Outcome, Span, Trace};

const RED: &str = "31";
const YELLOW: &str = "33";
const BOLD: &str = "1";
const DIM: &str = "2";
/// A waterfall needs at least this many columns.
const LEAST_WIDTH: usize = 60;
/// How many messages of failed spans are shown below the picture.
const MAX_FAILURES: usize = 5;

/// Settings of a [`waterfall`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct WaterfallOptions {
    /// Whether to use colours, as ANSI escape sequences. Off by default.
    pub color: bool,
    /// The width in columns: 100 by default, at least 60.
    pub width: usize,
}

impl WaterfallOptions {
    /// Returns the defaults: no colours, 100 columns.
    #[must_use]
    pub fn new() -> Self {
        Self { color: false, width: 100 }
    }

    /// Switches colours on or off.
    #[must_use]
    pub fn with_color(mut self, color: bool) -> Self {
        self.color = color;
        self
    }

    /// Sets the width in columns. Widths below 60 count as 60.
    #[must_use]
    pub fn with_width(mut self, columns: usize) -> Self {
        self.width = columns;
        self
    }
}

impl Default for WaterfallOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// Draws the traces that `spans` belong to, by start, as text that ends in a line feed. Without spans, it is empty.
///
/// Each span has a line: `▶` if it is on the [critical path](crate::critical_path), the tree, the service in its colour, a
/// bar on the time axis (`█` on the critical path, `━` elsewhere), the duration, `✗` and the type of the error for a
/// failure, `⚠` for an error that was handled, and links. Spans whose parent is missing come last.
#[must_use]
pub fn waterfall(spans: &[Span], options: &WaterfallOptions) -> String {
    let drawn: Vec<_> = Trace::group(spans).iter().map(|trace| draw(trace, options)).collect();
    drawn.join("\n")
}

fn draw(trace: &Trace<'_>, options: &WaterfallOptions) -> String {
    let lines = lines(trace);
    let palette = Palette::of(trace);
    let columns = Columns::of(&lines, options.width.max(LEAST_WIDTH));
    let mut canvas = Canvas { text: String::new(), color: options.color };
    canvas.plain("Trace ");
    canvas.styled(BOLD, &format!("{:032x}", trace.id));
    let summary = summary(trace, palette.len());
    let fits = 38 + 3 + width(&summary) <= options.width.max(LEAST_WIDTH);
    canvas.plain(if fits { " · " } else { "\n" });
    canvas.plain(&format!("{summary}\n"));
    canvas.axis(&columns, trace.duration());
    for line in &lines {
        match line {
            Line::Span(row) => canvas.row(row, &columns, &palette),
            Line::MissingParent => {
                canvas.styled(YELLOW, "  ? missing parent");
                canvas.plain("\n");
            }
        }
    }
    for (row, message) in failures(&lines).iter().take(MAX_FAILURES) {
        let text = format!("✗ {} · {}: {message}", row.service, row.name);
        canvas.styled(RED, &cut(&text, options.width.max(LEAST_WIDTH)));
        canvas.plain("\n");
    }
    canvas.legend(&lines, options.width.max(LEAST_WIDTH));
    canvas.text
}

/// The widths of the columns.
struct Columns {
    name: usize,
    service: usize,
    bar: usize,
    duration: usize,
    note: usize,
}

impl Columns {
    fn of(lines: &[Line<'_>], total: usize) -> Self {
        let longest = |measure: &dyn Fn(&Row<'_>) -> usize| {
            let rows = lines.iter().filter_map(|line| match line {
                Line::Span(row) => Some(measure(row)),
                Line::MissingParent => None,
            });
            rows.max().unwrap_or(0)
        };
        let note = longest(&|row| width(&note(row))).min(total / 6);
        let service = longest(&|row| width(&row.service)).min(total / 7);
        let duration = longest(&|row| width(&row.duration));
        // The mark, and a space between each two columns.
        let fixed = 2 + service + duration + note + 4;
        let least_bar = total / 5;
        let most_name = total.saturating_sub(fixed + least_bar).max(12);
        let name = longest(&|row| width(&row.branches) + width(&row.name)).min(most_name);
        let bar = total.saturating_sub(fixed + name).max(10);
        Self { name, service, bar, duration, note }
    }
}

fn note(row: &Row<'_>) -> String {
    match &row.span.outcome {
        Outcome::Ok => String::new(),
        Outcome::Handled { .. } => format!("⚠ {}", row.outcome),
        Outcome::Failed { .. } => format!("✗ {}", row.outcome),
    }
}

/// The text drawn so far.
struct Canvas {
    text: String,
    color: bool,
}

impl Canvas {
    fn plain(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn styled(&mut self, style: &str, text: &str) {
        if self.color && !style.is_empty() && !text.is_empty() {
            // Writing to a String cannot fail.
            let _ = write!(self.text, "\u{1b}[{style}m{text}\u{1b}[0m");
        } else {
            self.text.push_str(text);
        }
    }

    /// The time axis: its begin, middle and end.
    fn axis(&mut self, columns: &Columns, duration: u64) {
        let before = 2 + columns.name + 1 + columns.service + 1;
        let (middle, end) = (human(duration / 2), human(duration));
        let left = fit("0", columns.bar / 2);
        let free = columns.bar - columns.bar / 2;
        let middle = if width(&middle) + width(&end) < free { middle } else { String::new() };
        let gap = free.saturating_sub(width(&middle) + width(&end));
        let axis = format!("{}{left}{middle}{}{end}", " ".repeat(before), " ".repeat(gap));
        self.styled(DIM, &axis);
        self.plain("\n");
    }

    fn row(&mut self, row: &Row<'_>, columns: &Columns, palette: &Palette<'_>) {
        let critical = !row.critical.is_empty();
        let failed = row.span.outcome.is_failure();
        let service = format!("38;5;{}", palette.of_service(&row.span.service).ansi);
        self.styled(BOLD, if critical { "▶ " } else { "  " });

        let branches = cut(&row.branches, columns.name.saturating_sub(8));
        self.styled(DIM, &branches);
        let name = fit(&row.name, columns.name.saturating_sub(width(&branches)));
        let name_style = match (failed, critical) {
            (true, true) => "1;31",
            (true, false) => RED,
            (false, true) => BOLD,
            (false, false) => "",
        };
        self.styled(name_style, &name);
        self.plain(" ");
        self.styled(&service, &fit(&row.service, columns.service));
        self.plain(" ");
        self.bar(row, columns.bar, if failed { RED } else { &service });
        self.plain(" ");
        let pad = columns.duration.saturating_sub(width(&row.duration));
        self.plain(&" ".repeat(pad));
        self.styled(if critical { BOLD } else { "" }, &row.duration);
        self.note(row, columns.note);
        let kept = self.text.trim_end_matches(' ').len();
        self.text.truncate(kept);
        self.plain("\n");
    }

    fn bar(&mut self, row: &Row<'_>, cells: usize, style: &str) {
        let (from, to) = cells_of(row.place, cells);
        let mut bar = String::new();
        for cell in from..to {
            let critical = row.critical.iter().any(|&stretch| {
                let (from, to) = cells_of(stretch, cells);
                (from..to).contains(&cell)
            });
            bar.push(if critical { '█' } else { '━' });
        }
        // Links go to the side of the bar that has more room.
        let (before, after) = (from.saturating_sub(1), cells.saturating_sub(to + 1));
        let links = cut(&row.links, before.max(after));
        let spaces = |columns: usize| " ".repeat(columns);
        if before > after {
            self.plain(&spaces(from - 1 - width(&links)));
            self.styled(DIM, &links);
            self.plain(" ");
        } else {
            self.plain(&spaces(from));
        }
        self.styled(style, &bar);
        if before > after {
            self.plain(&spaces(cells - to));
        } else {
            self.plain(&spaces((cells - to).min(1)));
            self.styled(DIM, &links);
            self.plain(&spaces(after - width(&links)));
        }
    }

    fn note(&mut self, row: &Row<'_>, columns: usize) {
        let note = note(row);
        if note.is_empty() {
            return;
        }
        let style = if row.span.outcome.is_failure() { RED } else { YELLOW };
        self.plain(" ");
        self.styled(style, &cut(&note, columns));
    }

    /// Explains the signs that were used.
    fn legend(&mut self, lines: &[Line<'_>], columns: usize) {
        let any = |test: &dyn Fn(&Row<'_>) -> bool| {
            lines.iter().any(|line| matches!(line, Line::Span(row) if test(row)))
        };
        let signs = [
            ("▶ █ critical path", any(&|row| !row.critical.is_empty())),
            ("━ not on it", any(&|row| row.critical.is_empty())),
            ("✗ failed", any(&|row| row.span.outcome.is_failure())),
            ("⚠ handled error", any(&|row| matches!(row.span.outcome, Outcome::Handled { .. }))),
            ("↝ follows from", any(&|row| row.links.starts_with('↝'))),
        ];
        let used: Vec<_> = signs.iter().filter(|(_, used)| *used).map(|(sign, _)| *sign).collect();
        self.styled(DIM, &cut(&used.join("   "), columns));
        self.plain("\n");
    }
}

/// Returns the first cell and the cell after the last one of a stretch of time, which takes at least one cell.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
fn cells_of((from, to): (f64, f64), cells: usize) -> (usize, usize) {
    let from = ((from * cells as f64) as usize).min(cells.saturating_sub(1));
    let to = ((to * cells as f64).round() as usize).clamp(from + 1, cells.max(from + 1));
    (from, to)
}
