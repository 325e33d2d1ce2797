//! The table of instruction counts.

use std::fs;
use std::io;

use super::callgrind::Row;
use crate::workspace::root;

const RESULTS: &str = "benches/RESULTS.md";

/// The maximum increase of a call over the base.
const ALLOWED: f64 = 1.02;

/// The counts of one row.
#[derive(Debug)]
pub(crate) struct Count {
    pub(crate) row: Row,
    /// Absent when the base does not have the case.
    pub(crate) base: Option<f64>,
    pub(crate) now: f64,
}

impl Count {
    fn ratio(&self) -> Option<f64> {
        self.base.filter(|base| *base > 0.0).map(|base| self.now / base)
    }

    /// Whether the call takes more than 2 % more instructions than at the base.
    pub(crate) fn is_worse(&self) -> bool {
        self.ratio().is_some_and(|ratio| ratio > ALLOWED)
    }
}

/// The table in Markdown.
pub(crate) fn markdown(counts: &[Count]) -> String {
    let mut text = "| instructions that tracing adds to a call | parent | base | now | ratio |\n".to_owned();
    text += "|---|---|---:|---:|---:|\n";
    for count in counts {
        let base = count.base.map_or_else(|| "–".to_owned(), number);
        let ratio = count.ratio().map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.3}"));
        let ratio = if count.is_worse() { format!("**{ratio}**") } else { ratio };
        let Row { case, parent } = &count.row;
        text += &format!("| {case} | {parent} | {base} | {} | {ratio} |\n", number(count.now));
    }
    text
}

/// Formats a number with thousands separators.
pub(super) fn number(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if value <= -0.5 { format!("−{text}") } else { text }
}

/// Replaces the text between the marks `bench:NAME` of a document.
fn fill(document: &str, name: &str, content: &str) -> Option<String> {
    let (start, end) = (format!("<!-- bench:{name} -->"), format!("<!-- /bench:{name} -->"));
    let (before, rest) = document.split_once(&start)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{start}\n{}\n{end}{after}", content.trim_end()))
}

/// Writes a table between the marks `bench:NAME` of benches/RESULTS.md.
pub(super) fn save(name: &str, table: &str) -> io::Result<()> {
    let path = root().join(RESULTS);
    let filled = fill(&fs::read_to_string(&path)?, name, table);
    let filled = filled.ok_or_else(|| io::Error::other(format!("{RESULTS} has no place for this table")))?;
    fs::write(path, filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(base: Option<f64>, now: f64) -> Count {
        Count { row: Row { case: "a".into(), parent: "sampled".into() }, base, now }
    }

    #[test]
    fn only_more_than_two_percent_is_worse() {
        let cases = [
            (Some(1000.0), 1020.0, false),
            (Some(1000.0), 1021.0, true),
            (Some(1000.0), 10.0, false),
            (Some(0.0), 10.0, false),
            (None, 10.0, false),
        ];
        for (base, now, worse) in cases {
            assert_eq!(count(base, now).is_worse(), worse, "{base:?} {now}");
        }
    }

    #[test]
    fn a_row_that_is_worse_stands_out() {
        let table = markdown(&[count(Some(1000.0), 1234.0), count(None, 12.0)]);
        assert!(table.contains("| a | sampled | 1,000 | 1,234 | **1.234** |"), "{table}");
        assert!(table.contains("| a | sampled | – | 12 | – |"), "{table}");
    }

    #[test]
    fn a_document_without_marks_is_not_filled() {
        assert_eq!(fill("text", "instructions", "table"), None);
        let filled =
            fill("a <!-- bench:instructions -->old<!-- /bench:instructions --> b", "instructions", "new\n");
        assert_eq!(
            filled.as_deref(),
            Some("a <!-- bench:instructions -->\nnew\n<!-- /bench:instructions --> b")
        );
    }
}
