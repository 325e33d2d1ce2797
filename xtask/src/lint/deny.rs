//! `cargo deny`: licences, sources and duplicates of dependencies, by deny.toml.

use std::io;

use crate::step::{Outcome, Step, report_not_run, succeeds};
use crate::workspace::{cargo, has_subcommand};

const ADVISORIES: &str = "cargo deny check advisories";

pub(crate) fn step() -> Step {
    Step::outcome("cargo deny", || {
        if !has_subcommand("deny") {
            return Ok(Outcome::NotRun("`cargo install cargo-deny --locked` installs it".into()));
        }
        // These checks need no network. Advisories need their database.
        let mut offline =
            cargo(&["deny", "--all-features", "--offline", "check", "bans", "licenses", "sources"]);
        let passed = succeeds(&mut offline)?;
        Ok(Outcome::from(advisories()? && passed))
    })
}

/// Checks the advisories if their database can be fetched.
fn advisories() -> io::Result<bool> {
    if !succeeds(cargo(&["deny", "fetch", "db"]).stderr(std::process::Stdio::null()))? {
        let reason = "the database of advisories could not be fetched";
        println!("{ADVISORIES}: not run, {reason}");
        report_not_run(ADVISORIES, reason);
        return Ok(true);
    }
    succeeds(&mut cargo(&["deny", "--all-features", "check", "advisories"]))
}
