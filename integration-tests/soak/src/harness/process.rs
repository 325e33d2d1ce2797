//! A process that can be paused, killed and started again.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

const POLL: Duration = Duration::from_millis(20);

/// A process. Dropping it kills the process.
#[derive(Debug)]
pub(super) struct Process {
    command: Command,
    child: Option<Child>,
    log: PathBuf,
}

impl Process {
    /// Prepares a process, whose output is appended to a file in `logs`.
    pub(super) fn new(name: &str, command: Command, logs: &Path) -> Self {
        Self { command, child: None, log: logs.join(format!("{name}.log")) }
    }

    pub(super) fn start(&mut self) -> io::Result<()> {
        let output = File::options().create(true).append(true).open(&self.log)?;
        let errors = output.try_clone()?;
        self.child = Some(self.command.stdin(Stdio::null()).stdout(output).stderr(errors).spawn()?);
        Ok(())
    }

    pub(super) fn id(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Returns how the process ended, if it has ended by itself.
    pub(super) fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        match &mut self.child {
            Some(child) => child.try_wait(),
            None => Ok(None),
        }
    }

    pub(super) fn signal(&self, signal: Signal) -> io::Result<()> {
        match &self.child {
            Some(child) => Ok(kill_process(Pid::from_child(child), signal)?),
            None => Ok(()),
        }
    }

    pub(super) fn kill(&mut self) -> io::Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Asks the process to stop (SIGTERM), and kills it if it has not after `patience`. Returns whether it stopped by itself,
    /// and without an error.
    pub(super) fn stop(&mut self, patience: Duration) -> io::Result<bool> {
        if self.child.is_none() {
            return Ok(true);
        }
        self.signal(Signal::TERM)?;
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            if let Some(status) = self.ended()? {
                self.child = None;
                return Ok(status.success());
            }
            thread::sleep(POLL);
        }
        self.kill()?;
        Ok(false)
    }

    /// Returns the lines of its output that contain `text`.
    pub(super) fn log_lines(&self, text: &str) -> Vec<String> {
        let log = fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        log.lines().filter(|line| line.contains(text)).map(str::to_owned).collect()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}
