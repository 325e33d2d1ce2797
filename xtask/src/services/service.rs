//! A server that a test run starts and stops.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::undo::Undo;

/// How long a server may take until it answers.
const START_TIMEOUT: Duration = Duration::from_secs(90);
/// How long a server may take to stop by itself.
const STOP_TIMEOUT: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(100);

/// A running server. Dropping it stops the server, and so does a signal that ends this process.
#[derive(Debug)]
pub(crate) struct Service {
    /// The address for clients.
    pub(crate) url: String,
    /// More variables for tests, and their values.
    pub(crate) variables: Vec<(&'static str, String)>,
    process: Arc<Mutex<Process>>,
    _stop: Undo,
    /// Another server that this one needs. It stops after this one.
    _companion: Option<Box<Self>>,
}

#[derive(Debug)]
struct Process {
    command: Command,
    child: Child,
    stop_signal: &'static str,
    is_stopped: bool,
}

impl Service {
    /// Starts `command`, and waits until `is_ready` returns true.
    pub(crate) fn start(
        mut command: Command,
        url: String,
        log: &Path,
        is_ready: impl Fn() -> bool,
    ) -> io::Result<Self> {
        let output = fs::File::create(log)?;
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        // In a process group of its own, so that Ctrl-C does not reach it directly.
        let child = command.process_group(0).spawn()?;
        let process = Process { command, child, stop_signal: "-TERM", is_stopped: false };
        let process = Arc::new(Mutex::new(process));
        let stopped = process.clone();
        let stop = Undo::new(move || {
            // This process is ending, so an error cannot be reported.
            let _ = locked(&stopped).end();
        });
        let service = Self { url, variables: Vec::new(), process, _stop: stop, _companion: None };
        let deadline = Instant::now() + START_TIMEOUT;
        while !is_ready() {
            if let Some(status) = locked(&service.process).child.try_wait()? {
                return Err(failure(&format!("the server ended with {status}"), log));
            }
            if Instant::now() >= deadline {
                return Err(failure("the server did not answer in time", log));
            }
            thread::sleep(POLL);
        }
        Ok(service)
    }

    /// Sets the signal that stops the server without waiting for its clients, as an option of `kill`; `-TERM` by default.
    pub(crate) fn stopped_by(self, signal: &'static str) -> Self {
        locked(&self.process).stop_signal = signal;
        self
    }

    /// Starts the server again whenever it ends, until this is dropped. `group_file` contains the id of its process group, so
    /// that a test can stop it.
    pub(crate) fn keep_running(&self, group_file: &Path) -> io::Result<()> {
        fs::write(group_file, locked(&self.process).child.id().to_string())?;
        let (process, group_file) = (Arc::downgrade(&self.process), group_file.to_owned());
        let restart = move || {
            while let Some(process) = process.upgrade() {
                let mut process = locked(&process);
                match process.restart_if_ended() {
                    Ok(None) if process.is_stopped => return,
                    Ok(None) => {}
                    Ok(Some(id)) => drop(fs::write(&group_file, id.to_string())),
                    Err(error) => eprintln!("could not start {:?} again: {error}", process.command),
                }
                drop(process);
                thread::sleep(POLL);
            }
        };
        thread::Builder::new().name("restarts".into()).spawn(restart).map(drop)
    }

    /// Adds variables for tests.
    pub(crate) fn with_variables(mut self, variables: Vec<(&'static str, String)>) -> Self {
        self.variables = variables;
        self
    }

    /// Keeps `companion` running as long as this server.
    pub(crate) fn with_companion(mut self, companion: Self) -> Self {
        self._companion = Some(Box::new(companion));
        self
    }
}

impl Process {
    /// Starts the server again if it has ended by itself. Returns its new id.
    fn restart_if_ended(&mut self) -> io::Result<Option<u32>> {
        if self.is_stopped || self.child.try_wait()?.is_none() {
            return Ok(None);
        }
        self.child = self.command.spawn()?;
        Ok(Some(self.child.id()))
    }

    /// Asks the server to stop, and kills its process group if it does not.
    fn end(&mut self) -> io::Result<()> {
        self.is_stopped = true;
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        let id = self.child.id();
        run(Command::new("kill").args([self.stop_signal, &id.to_string()]))?;
        let deadline = Instant::now() + STOP_TIMEOUT;
        while Instant::now() < deadline {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            thread::sleep(POLL);
        }
        run(Command::new("kill").args(["-KILL", "--", &format!("-{id}")]))?;
        self.child.wait().map(drop)
    }
}

fn locked(process: &Mutex<Process>) -> MutexGuard<'_, Process> {
    process.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns an error with the end of the server's log.
fn failure(what: &str, log: &Path) -> io::Error {
    let log = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = log.lines().rev().take(20).collect();
    let end: Vec<&str> = lines.into_iter().rev().collect();
    io::Error::other(format!("{what}; its log ends with\n{}", end.join("\n")))
}

/// Creates a folder for the data of the server `name`.
pub(crate) fn data_dir(root: &Path, name: &str) -> io::Result<PathBuf> {
    let dir = root.join(name);
    fs::create_dir_all(&dir)?;
    dir.canonicalize()
}

/// Returns whether a server accepts connections on `port` of this machine.
pub(crate) fn accepts(port: u16) -> bool {
    TcpStream::connect_timeout(&([127, 0, 0, 1], port).into(), POLL).is_ok()
}

/// Returns a port that is free now.
pub(crate) fn free_port() -> io::Result<u16> {
    free_ports().map(|[port]| port)
}

/// Returns different ports that are free now.
pub(crate) fn free_ports<const COUNT: usize>() -> io::Result<[u16; COUNT]> {
    let mut ports = [0; COUNT];
    let mut held = Vec::new();
    for port in &mut ports {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        *port = listener.local_addr()?.port();
        held.push(listener);
    }
    Ok(ports)
}

/// Sends `question` to `port` of this machine, and returns the first bytes of the answer.
pub(crate) fn ask<const BYTES: usize>(port: u16, question: &[u8]) -> io::Result<[u8; BYTES]> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    stream.write_all(question)?;
    let mut answer = [0; BYTES];
    stream.read_exact(&mut answer)?;
    Ok(answer)
}

/// Runs `command`. The error contains its output.
pub(crate) fn run(command: &mut Command) -> io::Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    let mut text = String::new();
    (&output.stdout[..]).read_to_string(&mut text)?;
    (&output.stderr[..]).read_to_string(&mut text)?;
    Err(io::Error::other(format!("{command:?} ended with {}: {text}", output.status)))
}

/// Whether this process is root, so that servers need a user of their own.
pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|metadata| std::os::unix::fs::MetadataExt::uid(&metadata) == 0)
}

/// Runs `program` as `user` when this process is root: PostgreSQL refuses to run as root.
pub(crate) fn as_user(user: &str, program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", user, "--regid", user, "--init-groups", "--"]).arg(program);
    command
}

/// Makes `user` the owner of `dir` when this process is root.
pub(crate) fn give(dir: &Path, user: &str) -> io::Result<()> {
    if is_root() {
        run(Command::new("chown").args(["-R", &format!("{user}:{user}")]).arg(dir))
    } else {
        Ok(())
    }
}
