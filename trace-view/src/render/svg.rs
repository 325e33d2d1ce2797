//! The waterfall as an SVG.

use std::fmt::Write;

use super::layout::{Line, Row, lines, summary};
use super::palette::Palette;
use super::text::{cut, human};
use crate::{Outcome, Span, Trace};

const WIDTH: f64 = 980.0;
const ROW: f64 = 22.0;
const TOP: f64 = 66.0;
/// The time axis, from left to right.
const AXIS: (f64, f64) = (436.0, 742.0);

/// Light colours, and dark ones for readers who prefer them.
const STYLE: &str = "text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#1f2328}\
.bg{fill:#ffffff;stroke:#d0d7de}.muted{fill:#656d76}.grid{stroke:#d8dee4}.err{fill:#cf222e}.warn{fill:#9a6700}\
.b{font-weight:700}.tree{stroke:#afb8c1;fill:none}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.bg{fill:#0d1117;stroke:#30363d}.muted{fill:#8b949e}\
.grid{stroke:#21262d}.err{fill:#ff7b72}.warn{fill:#d29922}.tree{stroke:#484f58}}";

/// Draws the first trace among `spans` as a self-contained SVG, readable on light and dark backgrounds.
///
/// It shows the same lines as [`waterfall`](crate::waterfall). Full colour marks the critical path. Without spans, the
/// picture is empty.
#[must_use]
pub fn svg(spans: &[Span]) -> String {
    let traces = Trace::group(spans);
    let lines = traces.first().map(lines).unwrap_or_default();
    #[allow(clippy::cast_precision_loss)]
    let height = TOP + ROW * lines.len() as f64 + 34.0;
    let mut out = Svg(String::new());
    out.put(format_args!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" role=\"img\" aria-label=\"Waterfall of a trace\">\n<style>{STYLE}</style>\n\
         <rect class=\"bg\" x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"8\"/>\n",
        WIDTH - 1.0,
        height - 1.0
    ));
    if let Some(trace) = traces.first() {
        out.trace(trace, &lines, height);
    }
    out.put("</svg>\n");
    out.0
}

struct Svg(String);

impl Svg {
    fn put(&mut self, text: impl std::fmt::Display) {
        // Writing to a String cannot fail.
        let _ = write!(self.0, "{text}");
    }

    fn trace(&mut self, trace: &Trace<'_>, lines: &[Line<'_>], height: f64) {
        let palette = Palette::of(trace);
        self.text(16.0, 26.0, "b", "start", &format!("Trace {:032x}", trace.id));
        self.text(WIDTH - 16.0, 26.0, "muted", "end", &summary(trace, palette.len()));
        let (left, right) = AXIS;
        for (quarter, share) in [(0, 0.0), (1, 0.25), (2, 0.5), (3, 0.75), (4, 1.0)] {
            let x = left + (right - left) * share;
            let bottom = height - 34.0;
            self.put(format_args!(
                "<line class=\"grid\" x1=\"{x}\" y1=\"{}\" x2=\"{x}\" y2=\"{bottom}\"/>\n",
                TOP - 10.0
            ));
            if quarter % 2 == 0 {
                let time = trace.duration() / 4 * quarter;
                let label = if quarter == 0 { "0".to_owned() } else { human(time) };
                self.text(x, TOP - 16.0, "muted", "middle", &label);
            }
        }
        let mut y = TOP;
        for line in lines {
            match line {
                Line::Span(row) => self.row(row, y, palette.of_service(&row.span.service).hex),
                Line::MissingParent => self.text(16.0, y + 15.0, "warn", "start", "? missing parent"),
            }
            y += ROW;
        }
        let legend =
            "▶ full colour: critical path · pale: not on it · ✗ failed · ⚠ handled error · ↝ follows from";
        self.text(16.0, height - 12.0, "muted", "start", legend);
    }

    fn row(&mut self, row: &Row<'_>, y: f64, colour: &str) {
        let text_y = y + 15.0;
        let failed = row.span.outcome.is_failure();
        if !row.critical.is_empty() {
            self.text(12.0, text_y, "muted", "start", "▶");
        }
        #[allow(clippy::cast_precision_loss)]
        let indent = 28.0 + 14.0 * row.depth as f64;
        if row.depth > 0 {
            let (x, middle) = (indent - 9.0, y + 11.0);
            self.put(format_args!("<path class=\"tree\" d=\"M{x} {y}V{middle}H{}\"/>\n", x + 6.0));
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let columns = ((290.0 - indent) / 7.3).max(6.0) as usize;
        let class = match (failed, row.critical.is_empty()) {
            (true, _) => "err b",
            (false, false) => "b",
            (false, true) => "",
        };
        self.text(indent, text_y, class, "start", &cut(&row.name, columns));
        self.put(format_args!("<circle cx=\"304\" cy=\"{}\" r=\"4\" fill=\"{colour}\"/>\n", y + 11.0));
        self.text(314.0, text_y, "muted", "start", &cut(&row.service, 15));
        let colour = if failed { "#e5534b" } else { colour };
        self.bar(row.place, y, colour, 0.35);
        for &stretch in &row.critical {
            self.bar(stretch, y, colour, 1.0);
        }
        self.text(812.0, text_y, "", "end", &row.duration);
        let (class, note) = match &row.span.outcome {
            Outcome::Ok => ("muted", row.links.clone()),
            Outcome::Handled { .. } => ("warn", format!("⚠ {}", row.outcome)),
            Outcome::Failed { .. } => ("err", format!("✗ {}", row.outcome)),
        };
        self.text(822.0, text_y, class, "start", &cut(&note, 20));
    }

    fn bar(&mut self, (from, to): (f64, f64), y: f64, colour: &str, opacity: f64) {
        let (left, right) = AXIS;
        let x = left + (right - left) * from;
        let width = ((right - left) * (to - from)).max(1.5);
        self.put(format_args!(
            "<rect x=\"{x:.1}\" y=\"{}\" width=\"{width:.1}\" height=\"12\" rx=\"2\" fill=\"{colour}\" \
             fill-opacity=\"{opacity}\"/>\n",
            y + 5.0
        ));
    }

    fn text(&mut self, x: f64, y: f64, class: &str, anchor: &str, text: &str) {
        if text.is_empty() {
            return;
        }
        let anchor = if anchor == "start" { String::new() } else { format!(" text-anchor=\"{anchor}\"") };
        let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
        self.put(format_args!("<text x=\"{x}\" y=\"{y}\"{class}{anchor}>{}</text>\n", escaped(text)));
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
