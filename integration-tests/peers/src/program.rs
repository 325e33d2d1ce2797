//! A program that a test starts and stops.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The time limit for a condition to become true.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(50);

/// A running program. Dropping it ends it.
#[derive(Debug)]
pub struct Program {
    child: Child,
    log: PathBuf,
}

impl Program {
    /// Starts `command`, whose output goes to `log`, and waits until something listens on each of `ports`.
    ///
    /// # Panics
    /// Panics with the log if the program ends before.
    #[must_use]
    pub fn start(mut command: Command, log: &Path, ports: &[u16]) -> Self {
        let output = File::options().create(true).append(true).open(log).expect("the log can be written");
        let errors = output.try_clone().expect("the log can be written");
        command.stdin(Stdio::null()).stdout(output).stderr(errors);
        let child = command.spawn().unwrap_or_else(|error| panic!("could not start {command:?}: {error}"));
        let mut program = Self { child, log: log.to_owned() };
        let mut ended = None;
        until("the program listens", || {
            ended = program.child.try_wait().expect("the program can be waited for");
            ended.is_some() || ports.iter().all(|port| accepts(*port))
        });
        assert!(ended.is_none(), "{command:?} ended:\n{}", program.log());
        program
    }

    /// Returns the output of the program so far.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Asks the program to stop (SIGTERM), and waits until it has.
    pub fn stop(mut self) {
        let id = self.child.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &id]).status();
        until("the program has stopped", || matches!(self.child.try_wait(), Ok(Some(_))));
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn accepts(port: u16) -> bool {
    TcpStream::connect_timeout(&SocketAddr::from(([127, 0, 0, 1], port)), POLL).is_ok()
}

/// Waits until `condition` holds.
///
/// # Panics
/// Panics if it does not hold within a minute.
pub fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "not so within {PATIENCE:?}: {what}");
        thread::sleep(POLL);
    }
}

/// Returns a port of this machine that is free now.
#[must_use]
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
    listener.local_addr().expect("it has an address").port()
}

/// Returns the path in `variable`, which `cargo xtask test --peers` sets.
///
/// # Panics
/// Panics if it is not set.
#[must_use]
pub fn path_from(variable: &str) -> PathBuf {
    let path = std::env::var_os(variable);
    path.unwrap_or_else(|| panic!("{variable} is not set; `cargo xtask test --peers` sets it")).into()
}
