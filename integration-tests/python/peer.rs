//! Programs in Python, traced by OpenTelemetry's own instrumentation, as the other end of interoperability tests.
//!
//! A test includes this file as a module. All tests share one environment with the packages of `requirements.txt`; PyPI is
//! needed once.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long pip may take.
const INSTALLATION: Duration = Duration::from_secs(240);
/// How long one run of a program may take once its input has ended.
const RUN: Duration = Duration::from_secs(40);

/// Held while the environment is made.
static INSTALLING: Mutex<()> = Mutex::new(());

/// A running program, which is ended with the test.
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

    /// The next line that it prints, such as the port on which it listens.
    #[allow(dead_code, reason = "a program that only calls has nothing to say before its spans")]
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Ends its input, waits for it, and reads the spans that it prints: one JSON object a line.
    pub(crate) fn spans(mut self) -> Vec<Value> {
        drop(self.child.stdin.take());
        finish(&mut self.child, RUN, "the program in Python");
        let mut text = String::new();
        self.output.read_to_string(&mut text).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It has ended already unless the test has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../integration-tests/python")
}

/// A Python with everything of `requirements.txt`.
fn python() -> PathBuf {
    let requirements = folder().join("requirements.txt");
    let mut hasher = DefaultHasher::new();
    std::fs::read_to_string(&requirements).unwrap().hash(&mut hasher);
    let environment = format!("{}/python-{:016x}", env!("CARGO_TARGET_TMPDIR"), hasher.finish());
    let python = Path::new(&environment).join("bin/python");
    let _one_at_a_time = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    if !python.exists() {
        // Test programs of several crates may come here at once: each makes one of its own, and the first becomes everybody's.
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

/// Waits for a process, and ends it when it takes too long.
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
