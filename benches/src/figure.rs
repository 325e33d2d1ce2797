//! The figure of the README: one bar per layer, for the time that it adds to a request.

use std::fmt::Write;

use crate::data::Data;
use crate::markdown::number;
use crate::parts::http::OURS;

const WIDTH: f64 = 980.0;
/// The position of the bars, and the width of the longest.
const LEFT: f64 = 372.0;
const SPAN: f64 = 520.0;
const ROW: f64 = 46.0;
const TOP: f64 = 78.0;

/// Follows the system's light or dark scheme, as the figure of a trace does.
const STYLE: &str = "text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#1f2328}\
.bg{fill:#ffffff;stroke:#d0d7de}.muted{fill:#656d76}.grid{stroke:#d8dee4}.b{font-weight:700}\
.ours{fill:#1a7f5a}.peer{fill:#8c959f}.light{fill-opacity:0.45}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.bg{fill:#0d1117;stroke:#30363d}.muted{fill:#8b949e}\
.grid{stroke:#21262d}.ours{fill:#4ac39a}.peer{fill:#6e7681}}";

/// Returns bars for `names`, the cheapest on top, or an empty text without data.
pub fn svg(data: &Data, names: &[&str]) -> String {
    let added = |name: &str, mode: &str| data.added(name, mode, "ns");
    let mut rows: Vec<&str> =
        names.iter().copied().filter(|name| added(name, "sampled").is_finite()).collect();
    rows.sort_by(|a, b| added(a, "sampled").total_cmp(&added(b, "sampled")));
    let Some(longest) = rows.last().map(|name| added(name, "sampled")) else { return String::new() };

    let bottom = TOP + ROW * rows.len() as f64;
    let height = bottom + 40.0;
    let label = rows.iter().fold(String::from("Time that tracing adds to a request:"), |label, name| {
        format!("{label} {name} {} ns,", number(added(name, "sampled")))
    });
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         role=\"img\" aria-label=\"{}\">\n<style>{STYLE}</style>\n\
         <rect class=\"bg\" x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"8\"/>\n\
         <text x=\"16\" y=\"26\" class=\"b\">What tracing adds to a request through an axum router</text>\n\
         <text x=\"16\" y=\"48\" class=\"muted\">nanoseconds on the request's thread; upper bar sampled, lower bar with an unsampled parent</text>\n",
        label.trim_end_matches(','),
        WIDTH - 1.0,
        height - 1.0,
    );
    grid(&mut svg, longest, bottom);
    for (index, name) in rows.iter().enumerate() {
        let y = TOP + ROW * index as f64;
        let (class, weight) = if *name == OURS { ("ours", " b") } else { ("peer", "") };
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" class=\"{weight}\" text-anchor=\"end\">{name}</text>",
            LEFT - 12.0,
            y + 20.0
        );
        for (offset, mode, light) in [(4.0, "sampled", ""), (19.0, "unsampled", " light")] {
            let value = added(name, mode);
            let width = (value.max(0.0) / longest * SPAN).max(1.0);
            let _ = writeln!(
                svg,
                "<rect x=\"{LEFT}\" y=\"{}\" width=\"{width:.1}\" height=\"13\" rx=\"2\" class=\"{class}{light}\"/>\n\
                 <text x=\"{:.1}\" y=\"{}\" class=\"muted\">{}</text>",
                y + offset,
                LEFT + width + 6.0,
                y + offset + 11.0,
                number(value),
            );
        }
    }
    let _ = writeln!(
        svg,
        "<text x=\"16\" y=\"{}\" class=\"muted\">cargo xtask bench peers · benches/RESULTS.md</text>\n</svg>",
        height - 14.0
    );
    svg
}

fn grid(svg: &mut String, longest: f64, bottom: f64) {
    let step = if longest > 4_000.0 {
        2_000.0
    } else if longest > 2_000.0 {
        1_000.0
    } else {
        500.0
    };
    let mut value = 0.0;
    while value <= longest {
        let x = LEFT + value / longest * SPAN;
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{x:.1}\" y1=\"{TOP}\" x2=\"{x:.1}\" y2=\"{bottom}\"/>\n\
             <text x=\"{x:.1}\" y=\"{}\" class=\"muted\" text-anchor=\"middle\">{}</text>",
            bottom + 16.0,
            number(value),
        );
        value += step;
    }
}
