//! Steps: commands and checks that run one after the other, with a summary.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The variable with the path of a file to which the steps that were not run are added, one per line.
const NOT_RUN_FILE: &str = "XTASK_NOT_RUN";

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    Failed,
    /// With the reason.
    NotRun(String),
}

impl From<bool> for Outcome {
    fn from(passed: bool) -> Self {
        if passed { Self::Passed } else { Self::Failed }
    }
}

/// A command or check that passes or fails.
pub(crate) struct Step {
    name: String,
    work: Work,
}

enum Work {
    Command(Command),
    /// A command whose output is shown only when it fails.
    Quiet(Command),
    Check(Box<dyn FnOnce() -> io::Result<Outcome>>),
}

impl Step {
    /// A step that passes when `command` succeeds.
    pub(crate) fn new(name: impl Into<String>, command: Command) -> Self {
        Self { name: name.into(), work: Work::Command(command) }
    }

    /// One of many similar steps: the output of `command` is shown only when it fails. A warning is a failure, too.
    pub(crate) fn quiet(name: impl Into<String>, command: Command) -> Self {
        Self { name: name.into(), work: Work::Quiet(command) }
    }

    /// A step that passes when `check` returns `true`.
    pub(crate) fn check(name: impl Into<String>, check: impl FnOnce() -> io::Result<bool> + 'static) -> Self {
        Self::outcome(name, move || check().map(Outcome::from))
    }

    /// A step that may report that it cannot run here.
    pub(crate) fn outcome(
        name: impl Into<String>,
        check: impl FnOnce() -> io::Result<Outcome> + 'static,
    ) -> Self {
        Self { name: name.into(), work: Work::Check(Box::new(check)) }
    }

    /// A step that cannot run here.
    pub(crate) fn not_run(name: impl Into<String>, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self::outcome(name, move || Ok(Outcome::NotRun(reason)))
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    fn run(self) -> io::Result<Outcome> {
        match self.work {
            Work::Command(mut command) => succeeds(&mut command).map(Outcome::from),
            Work::Quiet(mut command) => succeeds_without_warning(&mut command).map(Outcome::from),
            Work::Check(check) => check(),
        }
    }
}

/// Runs `command`, and shows its output as it comes.
pub(crate) fn succeeds(command: &mut Command) -> io::Result<bool> {
    let status = command.stdin(Stdio::null()).status();
    status.map(|status| status.success()).map_err(|error| named(command, &error))
}

/// Runs `command`, and shows its output when it fails or warns.
pub(crate) fn succeeds_without_warning(command: &mut Command) -> io::Result<bool> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| named(command, &error))?;
    let warned = String::from_utf8_lossy(&output.stderr).contains("warning: ");
    let passed = output.status.success() && !warned;
    if !passed {
        io::stderr().write_all(&output.stdout)?;
        io::stderr().write_all(&output.stderr)?;
    }
    Ok(passed)
}

fn named(command: &Command, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("could not run {:?}: {error}", command.get_program()))
}

/// Runs all of `steps`, even after a failure, so that one run shows all problems.
///
/// Returns whether all of them have passed.
pub(crate) fn run_all(steps: Vec<Step>) -> bool {
    let count = steps.len();
    let started = Instant::now();
    let mut summary = String::new();
    let (mut failed, mut not_run) = (0, 0);
    for (index, step) in steps.into_iter().enumerate() {
        println!("[{}/{count}] {}", index + 1, step.name);
        let began = Instant::now();
        let name = step.name.clone();
        let outcome = step.run().unwrap_or_else(|error| {
            eprintln!("{error}");
            Outcome::Failed
        });
        let (word, name) = match outcome {
            Outcome::Passed => ("passed ", name),
            Outcome::Failed => {
                failed += 1;
                ("FAILED ", name)
            }
            Outcome::NotRun(reason) => {
                not_run += 1;
                report_not_run(&name, &reason);
                ("not run", format!("{name}: {reason}"))
            }
        };
        // Writing to a String cannot fail.
        let _ = writeln!(summary, "  {word}  {:>7}  {name}", seconds(began.elapsed()));
    }
    println!("\n{summary}");
    let passed = count - failed - not_run;
    println!("{passed} passed, {failed} failed, {not_run} not run in {}", seconds(started.elapsed()));
    failed == 0
}

/// Adds a step to the file of steps that were not run, if there is one.
pub(crate) fn report_not_run(name: &str, reason: &str) {
    let Some(path) = std::env::var_os(NOT_RUN_FILE) else { return };
    let file = OpenOptions::new().append(true).create(true).open(&path);
    if let Err(error) = file.and_then(|mut file| writeln!(file, "{name}: {reason}")) {
        eprintln!("could not write to {}: {error}", path.display());
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_run_is_no_failure_and_what_failed_is() {
        assert!(run_all(vec![Step::check("a", || Ok(true)), Step::not_run("b", "there is no engine")]));
        assert!(!run_all(vec![Step::check("a", || Ok(true)), Step::check("b", || Ok(false))]));
        assert!(!run_all(vec![Step::check("a", || Err(io::Error::other("broken")))]));
        assert!(!run_all(vec![Step::new("a", Command::new("/no/such/program"))]));
    }
}
