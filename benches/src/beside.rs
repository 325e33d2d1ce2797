//! The bare service in a separate process, which alternates with the measured layer.
//!
//! Other work on a shared host changes its speed for seconds at a time, and affects a service, which uses much code and
//! memory, differently from the yardstick. Alternating every millisecond or two measures both under the same
//! conditions. The bare service has its own process, because a layer in the same process may slow it down, which would
//! hide a part of the layer's cost.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::measure::{Time, time};
use crate::parts::{grpc, http};
use crate::process;

/// A process of the bare service. Dropping this ends it.
pub struct Bare {
    child: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Bare {
    pub fn start(part: &str, mode: &str) -> Result<Self, String> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let mut command = Command::new(program);
        command.args(["beside", part, mode]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("the bare service: {error}"))?;
        let requests = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().ok_or("its output is piped")?);
        Ok(Self { child, requests, answers })
    }

    /// Returns the CPU time of a call in ns: the mean of this many calls.
    pub fn turn(&mut self, calls: u64) -> Result<f64, String> {
        let failed = |error: &dyn std::fmt::Display| format!("the bare service: {error}");
        let requests = self.requests.as_mut().ok_or("asked until it is dropped")?;
        writeln!(requests, "{calls}").map_err(|error| failed(&error))?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer).map_err(|error| failed(&error))?;
        answer.trim().parse().map_err(|error| failed(&error))
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        // The process ends when its input does.
        self.requests = None;
        let _ = self.child.wait();
    }
}

/// Runs the bare service in such a process.
pub fn run(part: &str, mode: &str) -> Result<(), String> {
    process::pin(0);
    let mut call = match part {
        "http" => http::bare(mode),
        "grpc" => grpc::bare(mode)?,
        _ => return Err(format!("no bare service for {part}")),
    };
    for line in std::io::stdin().lines() {
        let line = line.map_err(|error| error.to_string())?;
        let calls = line.parse().map_err(|_| format!("how many calls is {line:?}?"))?;
        let Time { cpu, .. } = time(calls, |calls| (0..calls).for_each(|_| call()));
        println!("{cpu}");
    }
    Ok(())
}
