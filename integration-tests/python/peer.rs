//! Runs Python programs with OpenTelemetry's own instrumentation, as peers in interoperability tests.
//!
//! A test includes this file as a module. All tests share one environment with the packages of `requirements.txt`. The first
//! one needs PyPI.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long pip may take.
const INSTALLATION: Duration = Duration::from_secs(240);
/// How long a program may run after its input has ended.
const RUN: Duration = Duration::from_secs(40);

/// Held while the environment is created.
static INSTALLING: Mutex<()> = Mutex::new(());

/// A running program, which ends with the test.
pub(crate) struct Peer {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts `program`, a path below this folder.
    pub(crate) fn start(program: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(python());
        command.arg(folder().join(program)).args(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, output }
    }

    /// Reads the next line of its output, such as the port on which it listens.
    #[allow(dead_code, reason = "a program that only calls prints nothing but its spans")]
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Ends its input, waits for its end, and reads the spans that it prints, one JSON object per line.
    pub(crate) fn spans(mut self) -> Vec<Value> {
        drop(self.child.stdin.take());
        finish(&mut self.child, RUN, "the Python program");
        let mut text = String::new();
        self.output.read_to_string(&mut text).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // Unless the test has failed, it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../integration-tests/python")
}

/// Returns a Python interpreter with the packages of `requirements.txt`.
fn python() -> PathBuf {
    let requirements = folder().join("requirements.txt");
    let mut hasher = DefaultHasher::new();
    std::fs::read_to_string(&requirements).unwrap().hash(&mut hasher);
    let environment = format!("{}/python-{:016x}", env!("CARGO_TARGET_TMPDIR"), hasher.finish());
    let python = Path::new(&environment).join("bin/python");
    let _guard = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    if !python.exists() {
        // Tests of several crates may run this at once. Each creates an environment, and the first to finish is kept.
        let ours = format!("{environment}-{}", std::process::id());
        install(&ours, &requirements);
        if std::fs::rename(&ours, &environment).is_err() {
            std::fs::remove_dir_all(&ours).unwrap();
        }
    }
    python
}

fn install(environment: &str, requirements: &Path) {
    let run = |command: &mut Command, what: &str| match command.spawn() {
        Ok(mut child) => finish(&mut child, INSTALLATION, what),
        Err(error) => panic!("{what} could not start: {error}"),
    };
    run(Command::new("python3").args(["-m", "venv", "--clear", environment]), "python3 -m venv");
    let options = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
    let python = format!("{environment}/bin/python");
    run(Command::new(python).args(options).arg(requirements), "pip install (PyPI is needed)");
}

/// Waits for a process, and kills it if it takes too long.
fn finish(child: &mut Child, limit: Duration, what: &str) {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{what} failed");
            return;
        }
        if Instant::now() > deadline {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{what} took more than {limit:?}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
