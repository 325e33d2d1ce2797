//! Runs the program under callgrind.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The functions of the program in which counting starts and pauses.
const SWITCHES: [&str; 2] = ["*count_instructions*", "*not_counted*"];
/// The time limit of a run, which normally takes seconds.
const LIMIT: Duration = Duration::from_secs(180);
const POLL: Duration = Duration::from_millis(20);

/// A row of the table: a case and the parent of its calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) case: String,
    pub(crate) parent: String,
}

/// Returns an error with installation instructions if valgrind is missing.
pub(crate) fn check() -> io::Result<()> {
    match Command::new("valgrind").arg("--version").output() {
        Ok(output) if output.status.success() => Ok(()),
        _ => Err(io::Error::other("valgrind is not installed; install it with `apt-get install valgrind`")),
    }
}

/// The rows that `program` can measure.
pub(crate) fn rows(program: &Path) -> io::Result<Vec<Row>> {
    let output = Command::new(program).arg("list").output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let row = |line: &str| {
        let (case, parent) = line.split_once('\t')?;
        Some(Row { case: case.to_owned(), parent: parent.to_owned() })
    };
    Ok(text.lines().filter_map(row).collect())
}

/// The minimum number of instructions of a call over all runs, because waiting for other threads adds instructions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fewest {
    traced: f64,
    bare: f64,
}

impl Fewest {
    pub(crate) fn count(program: &Path, row: &Row, calls: u32) -> io::Result<Self> {
        Ok(Self { traced: count(program, row, "traced", calls)?, bare: count(program, row, "bare", calls)? })
    }

    /// Counts once more.
    pub(crate) fn repeat(&mut self, program: &Path, row: &Row, calls: u32) -> io::Result<()> {
        let again = Self::count(program, row, calls)?;
        *self = Self { traced: self.traced.min(again.traced), bare: self.bare.min(again.bare) };
        Ok(())
    }

    /// The instructions that tracing adds to a call.
    pub(crate) fn added(self) -> f64 {
        self.traced - self.bare
    }
}

/// Instructions of one call, on the thread that makes it.
pub(super) fn count(program: &Path, row: &Row, form: &str, calls: u32) -> io::Result<f64> {
    let file = std::env::temp_dir().join(format!("instructions-{}.callgrind", std::process::id()));
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--quiet", "--collect-atstart=no"]);
    command.args(SWITCHES.map(|function| format!("--toggle-collect={function}")));
    command.arg(format!("--callgrind-out-file={}", file.display()));
    command.arg(program).args(["run", &row.case, &row.parent, form, &calls.to_string()]);
    let outcome = run_to_the_end(&mut command);
    let text = fs::read_to_string(&file).unwrap_or_default();
    let _ = fs::remove_file(&file);
    outcome.map_err(|error| io::Error::other(format!("{}, {}, {form}: {error}", row.case, row.parent)))?;
    let total = text.lines().rev().find_map(|line| line.strip_prefix("totals: "));
    let total: Option<u64> = total.and_then(|total| total.trim().parse().ok());
    let total =
        total.ok_or_else(|| io::Error::other(format!("callgrind wrote no total for {}", row.case)))?;
    Ok(total as f64 / f64::from(calls))
}

fn run_to_the_end(command: &mut Command) -> io::Result<()> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
    let deadline = Instant::now() + LIMIT;
    loop {
        if let Some(status) = child.try_wait()? {
            return if status.success() {
                Ok(())
            } else {
                Err(io::Error::other(format!("ended with {status}")))
            };
        }
        if Instant::now() >= deadline {
            child.kill()?;
            child.wait()?;
            return Err(io::Error::other(format!("did not end within {LIMIT:?}")));
        }
        std::thread::sleep(POLL);
    }
}
