//! The Docker engine: a running one, or one that is installed and started for this run.

use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::docker::{docker, output};
use crate::services::{Program, install, is_root};
use crate::undo::Undo;
use crate::workspace::root;

const DAEMON: Program = Program { names: &["dockerd"], package: "docker.io" };
const CLIENT: Program = Program { names: &["docker"], package: "docker.io" };
/// Further packages that the engine needs: layered file systems without kernel support, and network configuration.
const COMPANIONS: [Program; 2] = [
    Program { names: &["fuse-overlayfs"], package: "fuse-overlayfs" },
    Program { names: &["iptables"], package: "iptables" },
];
/// How long an engine may take to answer, or to stop.
const LIMIT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(250);

/// The engine of this run, if one was started. Dropping it stops the engine.
#[derive(Debug)]
pub(crate) struct Engine {
    _stop: Option<Undo>,
}

/// Returns why no engine is available here, or `None` if one runs or can be started.
pub(crate) fn unavailable() -> Option<String> {
    let is_debian = Program { names: &["apt-get"], package: "apt" }.find().is_some();
    match answers() {
        Ok(()) => None,
        Err(_) if is_root() && is_debian => None,
        Err(error) => Some(format!(
            "no Docker engine answers, and one can be started only as root on Debian: {}",
            error.to_string().lines().last().unwrap_or_default()
        )),
    }
}

impl Engine {
    /// Uses a running engine. If there is none, installs one as root on Debian, and runs it until the end of this command.
    pub(crate) fn ready() -> io::Result<Self> {
        fs::create_dir_all(root().join("target/compose"))?;
        if answers().is_ok() {
            return Ok(Self { _stop: None });
        }
        if let Some(reason) = unavailable() {
            return Err(io::Error::other(reason));
        }
        let missing =
            [DAEMON, CLIENT].into_iter().chain(COMPANIONS).filter(|program| program.find().is_none());
        let mut packages: Vec<&str> = missing.map(|program| program.package).collect();
        packages.dedup();
        if !packages.is_empty() {
            install(&packages, "A Docker engine that is running already is used as it is.")?;
        }
        println!("no Docker engine is running: starting one until the end of this command");
        let daemon = start()?;
        let daemon = Mutex::new(daemon);
        let stop = Undo::new(move || {
            // If it does not stop, nothing more can be done.
            let _ = end(&mut daemon.lock().unwrap_or_else(PoisonError::into_inner));
        });
        let engine = Self { _stop: Some(stop) };
        let deadline = Instant::now() + LIMIT;
        while let Err(error) = answers() {
            if Instant::now() >= deadline {
                let log = fs::read_to_string(log_path()).unwrap_or_default();
                return Err(io::Error::other(format!(
                    "the engine does not answer: {error}\n{}",
                    last_lines(&log)
                )));
            }
            thread::sleep(POLL);
        }
        Ok(engine)
    }
}

fn answers() -> io::Result<()> {
    output(&mut docker(&["info"])).map(drop)
}

/// Starts the daemon in a process group of its own, so that Ctrl-C does not stop it before the containers are removed.
fn start() -> io::Result<Child> {
    let log = File::create(log_path())?;
    let mut command = Command::new(DAEMON.path()?);
    // The engine refuses options that are set both here and in its configuration file.
    if !Path::new("/etc/docker/daemon.json").exists() {
        // fuse-overlayfs works on every file system, also within a container; networks of virtual machines often allow less than
        // 1500.
        command.args(["--storage-driver", "fuse-overlayfs", "--mtu", "1400"]);
    }
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    command.process_group(0).spawn()
}

/// Asks the daemon to stop, which stops its containers, and kills it if it does not.
fn end(daemon: &mut Child) -> io::Result<()> {
    if daemon.try_wait()?.is_some() {
        return Ok(());
    }
    Command::new("kill").args(["-TERM", &daemon.id().to_string()]).status()?;
    let deadline = Instant::now() + LIMIT;
    while daemon.try_wait()?.is_none() {
        if Instant::now() >= deadline {
            daemon.kill()?;
            return daemon.wait().map(drop);
        }
        thread::sleep(POLL);
    }
    Ok(())
}

fn log_path() -> std::path::PathBuf {
    root().join("target/compose/dockerd.log")
}

fn last_lines(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(10)..].join("\n")
}
