//! `cargo xtask bench instructions`: counts the instructions that tracing adds to a call, before and after a change.

use std::io;
use std::path::Path;

use super::callgrind::{Fewest, Row};
use super::table::{Count, markdown, save};
use super::{callgrind, program};
use crate::undo::undo_on_signals;

const USAGE: &str =
    "usage: cargo xtask bench instructions [--base REVISION|FOLDER] [--only TEXT] [--calls NUMBER] [--save]";
const CALLS: u32 = 2000;
/// How often a row is counted again if it seems worse than at the base.
const REPETITIONS: usize = 4;

/// The options on the command line.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    /// The revision to compare with; by default the last release.
    base: Option<String>,
    /// Only cases whose name contains one of these.
    only: Vec<String>,
    calls: u32,
    /// Whether the table is written to RESULTS.md.
    save: bool,
}

/// Prints the table. Returns whether no call takes more than 2 % more instructions than at the base.
pub(crate) fn run(arguments: &[String]) -> io::Result<bool> {
    let options = Options::parse(arguments).ok_or_else(|| io::Error::other(USAGE))?;
    callgrind::check()?;
    undo_on_signals()?;
    let now = program::build_current()?;
    let base = options.base.clone().or_else(program::last_release);
    let base_program = base.as_deref().map(program::build_base).transpose()?;
    if base.is_none() {
        println!("there is no release to compare with; pass --base REVISION for a comparison");
    }
    let in_base = base_program.as_deref().map(callgrind::rows).transpose()?.unwrap_or_default();
    let chosen =
        |row: &Row| options.only.is_empty() || options.only.iter().any(|text| row.case.contains(text));
    let mut counts = Vec::new();
    for row in callgrind::rows(&now)?.into_iter().filter(chosen) {
        println!("counting: {}, {}", row.case, row.parent);
        let base = base_program.as_deref().filter(|_| in_base.contains(&row));
        counts.push(compare(row, base, &now, options.calls)?);
    }
    let table = markdown(&counts);
    println!("\nbase: {}\n\n{table}", base.as_deref().unwrap_or("none"));
    if options.save {
        save("instructions", &table)?;
    }
    let worse = counts.iter().filter(|count| count.is_worse()).count();
    println!("{worse} of {} take more than 2 % more instructions than at the base", counts.len());
    Ok(worse == 0)
}

/// Counts a row in both programs. A row that seems worse is counted again.
fn compare(row: Row, base: Option<&Path>, now: &Path, calls: u32) -> io::Result<Count> {
    let mut in_base = base.map(|program| Fewest::count(program, &row, calls)).transpose()?;
    let mut in_now = Fewest::count(now, &row, calls)?;
    let mut repetitions = REPETITIONS;
    loop {
        let count = Count { row: row.clone(), base: in_base.map(Fewest::added), now: in_now.added() };
        if !count.is_worse() || repetitions == 0 {
            return Ok(count);
        }
        repetitions -= 1;
        if let (Some(counted), Some(program)) = (&mut in_base, base) {
            counted.repeat(program, &row, calls)?;
        }
        in_now.repeat(now, &row, calls)?;
    }
}

impl Options {
    /// `None` for options that do not exist or lack their value.
    fn parse(arguments: &[String]) -> Option<Self> {
        let mut options = Self { base: None, only: Vec::new(), calls: CALLS, save: false };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--base" => options.base = Some(arguments.next()?.clone()),
                "--only" => options.only.push(arguments.next()?.clone()),
                "--calls" => options.calls = arguments.next()?.parse().ok().filter(|calls| *calls >= 100)?,
                "--save" => options.save = true,
                _ => return None,
            }
        }
        Some(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Option<Options> {
        Options::parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn options_are_taken_in_any_order() {
        let options = parse("--only HTTP --base v1 --save --calls 500 --only SQL");
        let expected = Options {
            base: Some("v1".into()),
            only: vec!["HTTP".into(), "SQL".into()],
            calls: 500,
            save: true,
        };
        assert_eq!(options, Some(expected));
    }

    #[test]
    fn unknown_options_and_missing_values_are_refused() {
        for line in ["--bse v1", "--base", "--only", "--calls", "--calls many", "--calls 1", "v1"] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
