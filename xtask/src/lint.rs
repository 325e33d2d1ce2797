//! `cargo xtask lint`: what can be said about the code without running it.

use std::io;

use crate::step::{Step, run_all};
use crate::workspace::cargo;

pub(crate) fn run() -> io::Result<bool> {
    Ok(run_all(vec![format(), clippy(), documentation()]))
}

fn format() -> Step {
    Step::new("formatting", cargo(&["fmt", "--all", "--check"]))
}

fn clippy() -> Step {
    let mut command = cargo(&["clippy", "--workspace", "--all-targets", "--all-features"]);
    command.args(["--", "-D", "warnings"]);
    Step::new("clippy", command)
}

fn documentation() -> Step {
    let mut command = cargo(&["doc", "--workspace", "--all-features", "--no-deps"]);
    command.env("RUSTDOCFLAGS", "-D warnings");
    Step::new("documentation", command)
}
