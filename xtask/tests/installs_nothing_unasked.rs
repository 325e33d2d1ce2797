//! Commands say what they will install before they do, wait for another apt, and install nothing if told so.
//!
//! Each test runs `cargo xtask services` on a machine without programs: its path has one folder, with an `apt-get` that writes
//! down what the user has been told and its arguments.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test panics if its setup fails")]

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};

/// An apt-get that finds the lock of the lists held by another one, the first time.
const APT_GET: &str = r#"#!/bin/sh
cd "${0%/*}" || exit 1
while read -r line; do echo "told: $line" >> log; done < told
echo "ran: $*" >> log
if [ ! -e locked ]; then
    : > locked
    echo "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 77 (apt-get)" >&2
    exit 100
fi
"#;

struct Machine(PathBuf);

impl Machine {
    fn new(name: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let apt_get = folder.join("apt-get");
        fs::write(&apt_get, APT_GET).unwrap();
        fs::set_permissions(&apt_get, Permissions::from_mode(0o755)).unwrap();
        Self(folder)
    }

    /// Runs `cargo xtask services` for one server. Returns its status and what it printed as errors.
    fn start(&self, service: &str, variables: &[(&str, &str)]) -> (ExitStatus, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(["services", service]).stdin(Stdio::null());
        let told = File::create(self.0.join("told")).unwrap();
        for variable in ["TEST_POSTGRES_URL", "TEST_MYSQL_URL", "TEST_REDIS_URL", "AMQP_URL", "KAFKA_BROKERS"]
        {
            command.env_remove(variable);
        }
        let output =
            command.env("PATH", &self.0).envs(variables.iter().copied()).stdout(told).output().unwrap();
        (output.status, String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// What apt-get wrote down, or nothing if it was not run.
    fn log(&self) -> String {
        fs::read_to_string(self.0.join("log")).unwrap_or_default()
    }
}

#[test]
fn nothing_is_installed_if_the_user_does_not_want_it() {
    for (service, variable) in [
        ("postgres", "TEST_POSTGRES_URL"),
        ("mariadb", "TEST_MYSQL_URL"),
        ("redis", "TEST_REDIS_URL"),
        ("rabbitmq", "AMQP_URL"),
        ("kafka", "KAFKA_BROKERS"),
    ] {
        let machine = Machine::new(&format!("unwanted-{service}"));
        let (status, errors) = machine.start(service, &[("XTASK_INSTALL", "no")]);
        assert!(!status.success(), "{service}");
        for part in ["XTASK_INSTALL", "apt-get install --no-install-recommends", variable] {
            assert!(errors.contains(part), "{service}, {part}: {errors}");
        }
        assert_eq!(machine.log(), "", "{service}");
    }
}

#[test]
fn the_user_is_told_before_the_first_installation_and_another_apt_is_waited_for() {
    let machine = Machine::new("wanted");
    let (status, errors) = machine.start("redis", &[("XTASK_INSTALL", "yes")]);
    // This apt-get installs nothing, so there is no server to start.
    assert!(!status.success());
    let is_root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    if !is_root {
        assert!(errors.contains("as root"), "{errors}");
        return assert_eq!(machine.log(), "", "a command that is not root installs nothing");
    }
    let log = machine.log();
    let (before, after) = log.split_once("ran: ").expect("apt-get was run");
    for part in ["missing, will be installed", "redis-server", "XTASK_INSTALL=no", "TEST_REDIS_URL"] {
        assert!(before.contains(part), "{part}: {log}");
    }
    let runs: Vec<_> = log.lines().filter(|line| line.starts_with("ran: ")).collect();
    assert!(runs[0].ends_with(" update") && runs[1].ends_with(" update"), "the second waited: {runs:?}");
    assert!(runs[2].contains(" install ") && runs[2].contains("redis-server"), "{runs:?}");
    assert!(runs.iter().all(|run| run.contains("DPkg::Lock::Timeout=300")), "{runs:?}");
    assert!(after.contains("told: another apt is"), "{log}");
    assert!(!errors.contains("Could not get lock"), "{errors}");
}
