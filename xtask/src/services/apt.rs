//! Installs the Debian packages that a command needs.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::service::{is_root, run};

/// If set to `no`, nothing is installed, and a command fails with the list of missing programs.
pub(crate) const SWITCH: &str = "XTASK_INSTALL";
/// How long another apt may hold its locks.
const LOCK_TIMEOUT: Duration = Duration::from_secs(300);
const POLL: Duration = Duration::from_secs(2);
/// How long a user at a terminal has to press Ctrl-C before an installation starts.
const TIME_TO_STOP: Duration = Duration::from_secs(5);

/// Returns whether commands may install missing programs.
pub(crate) fn installs() -> bool {
    std::env::var(SWITCH).map_or(true, |value| value != "no")
}

/// A program, under any of its names, and the Debian package that has it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Program {
    pub(crate) names: &'static [&'static str],
    pub(crate) package: &'static str,
}

impl Program {
    /// The program's path, or `None` when it is not installed.
    pub(crate) fn find(self) -> Option<PathBuf> {
        find(self.names)
    }

    /// The program's path. Its package is installed when it is missing.
    pub(crate) fn path(self) -> io::Result<PathBuf> {
        program(self.names, self.package)
    }
}

/// Returns the path of a program that has any of `names`, and installs `package` when there is none.
pub(crate) fn program(names: &[&str], package: &str) -> io::Result<PathBuf> {
    if let Some(path) = find(names) {
        return Ok(path);
    }
    install(&[package], "")?;
    find(names).ok_or_else(|| io::Error::other(format!("the package {package} has none of {names:?}")))
}

/// Announces and installs Debian packages. `instead` is a hint for users who do not want this.
///
/// # Errors
/// When installations are switched off, this process is not root, or apt fails.
pub(crate) fn install(packages: &[&str], instead: &str) -> io::Result<()> {
    let list = packages.join(" ");
    let by_hand = format!("`apt-get install --no-install-recommends {list}`");
    if !installs() {
        return Err(io::Error::other(format!(
            "{list} is missing and {SWITCH} is `no`; run {by_hand}. {instead}"
        )));
    }
    if !is_root() {
        return Err(io::Error::other(format!("{list} is missing; run {by_hand} as root. {instead}")));
    }
    println!("missing, will be installed with apt-get: {list}");
    println!("{}", format!("To avoid that, set {SWITCH}=no. {instead}").trim_end());
    if io::stdin().is_terminal() {
        println!("Press Ctrl-C within {TIME_TO_STOP:?} to stop.");
        thread::sleep(TIME_TO_STOP);
    }
    apt(&["update"])?;
    let mut arguments = vec!["install", "-y", "--no-install-recommends"];
    arguments.extend(packages);
    apt(&arguments)
}

/// Runs apt-get, and waits while another apt holds one of its locks.
fn apt(arguments: &[&str]) -> io::Result<()> {
    let deadline = Instant::now() + LOCK_TIMEOUT;
    let mut told = false;
    loop {
        let mut command = Command::new("apt-get");
        // apt waits for dpkg's lock by itself, but not for those of its lists and of its archives.
        command.args(["-o", &format!("DPkg::Lock::Timeout={}", LOCK_TIMEOUT.as_secs())]);
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").env("LC_ALL", "C");
        let output = command.stdin(Stdio::null()).output()?;
        if output.status.success() {
            return Ok(());
        }
        if !is_locked(&output) || Instant::now() >= deadline {
            return Err(failure(&command, &output));
        }
        if !told {
            println!("another apt is running: waiting up to {LOCK_TIMEOUT:?}");
            told = true;
        }
        thread::sleep(POLL);
    }
}

/// Returns whether apt failed because another process holds a lock.
fn is_locked(output: &Output) -> bool {
    let text = String::from_utf8_lossy(&output.stderr);
    text.contains("Could not get lock") || text.contains("Unable to lock")
}

fn failure(command: &Command, output: &Output) -> io::Error {
    let text = String::from_utf8_lossy(&output.stderr);
    io::Error::other(format!("{command:?} ended with {}: {text}", output.status))
}

fn find(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    let folders: Vec<PathBuf> = folders.chain(postgres_folders()).collect();
    names
        .iter()
        .find_map(|name| folders.iter().map(|folder| folder.join(name)).find(|candidate| candidate.is_file()))
}

/// Debian keeps the servers of each PostgreSQL version in a folder that is not in the path; the newest first.
fn postgres_folders() -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir("/usr/lib/postgresql") else { return Vec::new() };
    let mut versions: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    versions.sort_by_key(|path| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok()));
    versions.into_iter().rev().map(|version| version.join("bin")).collect()
}

/// Whether the Python of this machine can make virtual environments.
pub(crate) fn python_has_environments() -> bool {
    run(Command::new("python3").args(["-c", "import ensurepip, venv"])).is_ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    use super::*;

    #[test]
    fn each_of_apt_s_locks_is_waited_for() {
        let failed_with = |text: &str| Output {
            status: ExitStatus::from_raw(100 << 8),
            stdout: Vec::new(),
            stderr: text.as_bytes().to_vec(),
        };
        for text in [
            "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 77 (apt-get)",
            "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 77 (apt-get)",
            "E: Unable to lock directory /var/cache/apt/archives/",
        ] {
            assert!(is_locked(&failed_with(text)), "{text}");
        }
        assert!(!is_locked(&failed_with("E: Unable to locate package nothing")));
    }
}
