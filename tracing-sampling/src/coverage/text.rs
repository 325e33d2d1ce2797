//! The report as text.

use std::fmt::{self, Display, Formatter};

use super::{CoverageReport, CoverageRow};

const TITLES: [&str; 9] =
    ["service", "operation", "policy", "seen", "kept", "dropped", "exported", "estimate", "95 % interval"];

/// The number of columns with names, which are aligned to the left.
const NAMES: usize = 3;

/// The maximum length of a displayed name, in characters.
const LONGEST: usize = 48;

impl Display for CoverageReport {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut lines = vec![TITLES.map(str::to_owned)];
        lines.extend(self.rows.iter().chain([&self.total]).map(cells));
        let widths: [usize; 9] = std::array::from_fn(|column| {
            lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default()
        });
        for line in &lines {
            let mut text = String::new();
            for (column, (cell, width)) in line.iter().zip(widths).enumerate() {
                let gap = if column == 0 { "" } else { "  " };
                text += &match column < NAMES {
                    true => format!("{gap}{cell:<width$}"),
                    false => format!("{gap}{cell:>width$}"),
                };
            }
            writeln!(f, "{}", text.trim_end())?;
        }
        for never in &self.never_kept {
            let name = [shown(&never.service), shown(&never.operation)].join(" ");
            writeln!(f, "never kept: {name}, seen {}, expected {:.1}", never.seen, never.expected)?;
        }
        for it in &self.disagreements {
            writeln!(
                f,
                "thresholds disagree: {} has th:{}, {} has th:{} ({} spans, for example in trace {})",
                shown(&it.first),
                it.first_threshold,
                shown(&it.second),
                it.second_threshold,
                it.spans,
                it.trace_id,
            )?;
        }
        Ok(())
    }
}

fn cells(row: &CoverageRow) -> [String; 9] {
    let exported = &row.exported;
    let (estimate, interval) = match row.interval {
        Some((low, high)) => (format!("{:.0}", exported.count), format!("{low:.0} to {high:.0}")),
        None => ("-".to_owned(), "-".to_owned()),
    };
    let all = exported.kept + exported.uncounted;
    let exported = match exported.uncounted {
        0 => all.to_string(),
        uncounted => format!("{all} ({uncounted} uncounted)"),
    };
    [
        shown(&row.service),
        shown(&row.operation),
        shown(&row.policy),
        row.seen.to_string(),
        row.kept.to_string(),
        row.dropped.to_string(),
        exported,
        estimate,
        interval,
    ]
}

/// Returns a name that is safe to print. Names come from traced programs and may contain control characters.
fn shown(name: &str) -> String {
    let mut shown: String =
        name.chars().take(LONGEST).map(|it| if it.is_control() { '\u{fffd}' } else { it }).collect();
    if name.chars().count() > LONGEST {
        shown.push('…');
    }
    shown
}
