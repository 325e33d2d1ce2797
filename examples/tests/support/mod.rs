//! What the tests of programs share: their executables, their environment, and signals.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// Returns a command for `program` without the variables of the developer's shell that configure telemetry and brokers.
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    let configures_shop =
        |name: &str| name.starts_with("OTEL_") || ["KAFKA_BROKERS", "AMQP_URL", "SPANS_FILE"].contains(&name);
    for (name, _) in std::env::vars().filter(|(name, _)| configures_shop(name)) {
        command.env_remove(name);
    }
    command
}

/// A running program, which is killed when the test fails.
pub(crate) struct Running(pub(crate) Child);

impl Running {
    /// Sends a signal, such as `TERM`, waits for the program to end, and returns whether it succeeded.
    pub(crate) fn stop_with(&mut self, signal: &str) -> bool {
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").args([&format!("-{signal}"), &pid]).status().unwrap().success());
        self.0.wait().unwrap().success()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The program may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Builds the small programs and returns their executables by name.
///
/// Which executables exist when a test runs depends on the test runner and its arguments: `cargo test --examples` builds
/// only test harnesses with a hash in their names. So the test asks cargo to build the programs and for their paths.
pub(crate) fn executables() -> BTreeMap<String, PathBuf> {
    let mut cargo = Command::new(env!("CARGO"));
    // The whole workspace with all features, as the tests are built. Other features would compile every dependency again.
    cargo.args(["build", "--workspace", "--all-features", "--examples"]);
    cargo.args(["--message-format", "json-render-diagnostics"]).stderr(Stdio::inherit());
    let output = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "cargo could not build the programs");
    let messages = output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    messages
        .map(|line| serde_json::from_slice::<serde_json::Value>(line).unwrap())
        .filter(|message| message["target"]["kind"][0] == "example")
        .filter(|message| message["manifest_path"] == concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .filter_map(|message| {
            let executable = message["executable"].as_str()?;
            Some((message["target"]["name"].as_str()?.to_owned(), executable.into()))
        })
        .collect()
}
