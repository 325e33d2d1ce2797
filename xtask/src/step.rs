//! Steps: commands that are run one after the other, with a summary of how each went.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// One command that passes or fails.
pub(crate) struct Step {
    name: String,
    command: Command,
    /// Its output is shown only when it fails.
    quiet: bool,
}

impl Step {
    /// A step whose output is shown as it comes.
    pub(crate) fn new(name: impl Into<String>, command: Command) -> Self {
        Self { name: name.into(), command, quiet: false }
    }

    /// A step of which there are many alike: its output is shown only when it fails. A warning is a failure, too.
    pub(crate) fn quiet(name: impl Into<String>, command: Command) -> Self {
        Self { name: name.into(), command, quiet: true }
    }

    fn run(&mut self) -> io::Result<bool> {
        self.command.stdin(Stdio::null());
        if !self.quiet {
            return Ok(self.command.status()?.success());
        }
        let output = self.command.output()?;
        // Code that only some features use is a warning with the others, and nobody would see it here.
        let warned = String::from_utf8_lossy(&output.stderr).contains("warning: ");
        let passed = output.status.success() && !warned;
        if !passed {
            io::stderr().write_all(&output.stdout)?;
            io::stderr().write_all(&output.stderr)?;
        }
        Ok(passed)
    }
}

/// Runs all of `steps`, also after one has failed, so that one run shows everything that is wrong.
///
/// Answers whether all have passed.
pub(crate) fn run_all(steps: Vec<Step>) -> bool {
    let count = steps.len();
    let started = Instant::now();
    let mut summary = String::new();
    let mut failed = 0;
    for (index, mut step) in steps.into_iter().enumerate() {
        println!("[{}/{count}] {}", index + 1, step.name);
        let began = Instant::now();
        let passed = step.run().unwrap_or_else(|error| {
            eprintln!("could not run {:?}: {error}", step.command.get_program());
            false
        });
        failed += usize::from(!passed);
        let word = if passed { "passed" } else { "FAILED" };
        // Writing to a String cannot fail.
        let _ = writeln!(summary, "  {word}  {:>7}  {}", seconds(began.elapsed()), step.name);
    }
    println!("\n{summary}");
    println!("{} passed, {failed} failed in {}", count - failed, seconds(started.elapsed()));
    failed == 0
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
