//! `cargo xtask bench over-sdk`: counts what our layers and wrappers add to a call when opentelemetry_sdk records their spans.

use std::io;
use std::path::Path;

use super::callgrind::{self, Row, count};
use super::program;
use super::table::{number, save};
use crate::undo::undo_on_signals;

const USAGE: &str = "usage: cargo xtask bench over-sdk [--only TEXT] [--calls NUMBER] [--save]";
const CALLS: u32 = 2000;
/// The beginnings of the names of cases that record spans over an SDK.
const CASES: [&str; 6] = ["HTTP", "gRPC", "SQL", "redis", "Kafka", "AMQP"];
const PARENTS: [&str; 2] = ["sampled", "unsampled"];

#[derive(Debug, PartialEq, Eq)]
struct Options {
    /// Only cases whose name contains one of these.
    only: Vec<String>,
    calls: u32,
    /// Whether the table is written to RESULTS.md.
    save: bool,
}

/// The instructions of one row.
struct Counted {
    row: Row,
    /// What the wrapper adds to a call.
    added: f64,
    /// The same span by hand.
    by_hand: f64,
}

/// Prints the table.
pub(crate) fn run(arguments: &[String]) -> io::Result<bool> {
    let options = Options::parse(arguments).ok_or_else(|| io::Error::other(USAGE))?;
    callgrind::check()?;
    undo_on_signals()?;
    let program = program::build_current()?;
    let mut counted = Vec::new();
    for row in callgrind::rows(&program)?.into_iter().filter(|row| options.has(row)) {
        println!("counting: {}, {}", row.case, row.parent);
        counted.push(Counted::of(&program, row, options.calls)?);
    }
    let table = markdown(&counted);
    println!("\n{table}");
    if options.save {
        save("over-sdk", &table)?;
    }
    Ok(true)
}

impl Counted {
    fn of(program: &Path, row: Row, calls: u32) -> io::Result<Self> {
        let count = |form| count(program, &row, form, calls);
        let added = count("over-sdk")? - count("bare")?;
        let by_hand = count("sdk-span")?;
        Ok(Self { row, added, by_hand })
    }
}

fn markdown(counted: &[Counted]) -> String {
    let mut text =
        "| over opentelemetry_sdk | parent | added to a call | the same span by hand | ratio |\n".to_owned();
    text += "|---|---|---:|---:|---:|\n";
    for Counted { row: Row { case, parent }, added, by_hand } in counted {
        let ratio = added / by_hand;
        text += &format!("| {case} | {parent} | {} | {} | {ratio:.2} |\n", number(*added), number(*by_hand));
    }
    text
}

impl Options {
    /// `None` for options that do not exist or lack their value.
    fn parse(arguments: &[String]) -> Option<Self> {
        let mut options = Self { only: Vec::new(), calls: CALLS, save: false };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--only" => options.only.push(arguments.next()?.clone()),
                "--calls" => options.calls = arguments.next()?.parse().ok().filter(|calls| *calls >= 100)?,
                "--save" => options.save = true,
                _ => return None,
            }
        }
        Some(options)
    }

    fn has(&self, row: &Row) -> bool {
        CASES.iter().any(|known| row.case.starts_with(known))
            && PARENTS.contains(&&*row.parent)
            && (self.only.is_empty() || self.only.iter().any(|text| row.case.contains(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Option<Options> {
        Options::parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn options() {
        let expected = Options { only: vec!["SQL".into()], calls: 500, save: true };
        assert_eq!(parse("--save --calls 500 --only SQL"), Some(expected));
        for line in ["--base v1", "--only", "--calls", "--calls many", "--calls 1", "v1"] {
            assert_eq!(parse(line), None, "{line}");
        }
    }

    #[test]
    fn only_spans_with_a_parent_that_are_recorded_over_an_sdk() {
        let options = parse("--only GET").expect("valid options");
        let row = |case: &str, parent: &str| Row { case: case.into(), parent: parent.into() };
        for (row, expected) in [
            (row("redis, GET", "sampled"), true),
            (row("redis, GET, sampler off", "root"), false),
            (row("SQL, query on a pool", "sampled"), false),
            (row("span, GET", "sampled"), false),
        ] {
            assert_eq!(options.has(&row), expected, "{row:?}");
        }
    }

    #[test]
    fn ratios() {
        let row = Row { case: "SQL, query".into(), parent: "sampled".into() };
        let table = markdown(&[Counted { row, added: 9_000.0, by_hand: 6_000.0 }]);
        assert!(table.contains("| SQL, query | sampled | 9,000 | 6,000 | 1.50 |"), "{table}");
    }
}
