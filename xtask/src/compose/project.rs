//! One run of the compose file, with its own name and ports. It is always taken down at the end.

use std::io;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::docker::{bounded, compose, docker, interruptible, output};
use crate::undo::Undo;
use crate::workspace::root;

/// The time limit for all services to become healthy.
const UP_TIMEOUT: Duration = Duration::from_secs(300);
/// How many log lines of a failed service are shown.
const LOG_LINES: &str = "60";

/// A project of Compose. Dropping it takes it down.
#[derive(Debug)]
pub(crate) struct Project {
    invocation: Invocation,
    _down: Option<Undo>,
}

/// The arguments that all commands of one project share.
#[derive(Debug, Clone)]
struct Invocation {
    program: Vec<String>,
    arguments: Vec<String>,
    variables: Vec<(&'static str, String)>,
}

impl Invocation {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program[0]);
        command.args(&self.program[1..]).args(&self.arguments).args(arguments);
        command.current_dir(root().join("examples")).stdin(Stdio::null());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Containers, networks and volumes.
    fn down(&self) {
        let mut down = self.command(&["down", "--volumes", "--remove-orphans", "--timeout", "20"]);
        if let Err(error) = bounded(&mut down, UP_TIMEOUT) {
            eprintln!("the project could not be taken down completely: {error}");
        }
    }
}

impl Project {
    /// Creates the project `name` from `files` in `examples`, with the `variables` that they use.
    pub(crate) fn new(
        name: &str,
        files: &[&str],
        variables: Vec<(&'static str, String)>,
    ) -> io::Result<Self> {
        let mut arguments = vec!["--project-name".to_owned(), name.to_owned()];
        arguments.extend(files.iter().flat_map(|file| ["--file".to_owned(), (*file).to_owned()]));
        let invocation = Invocation { program: compose()?, arguments, variables };
        Ok(Self { invocation, _down: None })
    }

    /// Starts all services, and waits until they are healthy.
    pub(crate) fn up(&mut self) -> io::Result<()> {
        let invocation = self.invocation.clone();
        self._down = Some(Undo::new(move || invocation.down()));
        self.wait()
    }

    /// Adds `file`, starts its services, restarts those that it changes, and waits until all are healthy.
    ///
    /// Taking the project down removes what the file has added, too.
    pub(crate) fn up_with(&mut self, file: &str) -> io::Result<()> {
        self.invocation.arguments.extend(["--file".to_owned(), file.to_owned()]);
        self.start(&[])
    }

    /// Starts the services that are not running, and waits until all are healthy.
    fn wait(&self) -> io::Result<()> {
        self.start(&["--no-recreate"])
    }

    fn start(&self, options: &[&str]) -> io::Result<()> {
        let seconds = UP_TIMEOUT.as_secs().to_string();
        let up = ["up", "--detach", "--no-build", "--wait", "--wait-timeout", &seconds];
        let mut command = self.invocation.command(&up);
        interruptible(command.args(options), UP_TIMEOUT + Duration::from_secs(60))
    }

    /// Stops `service` with SIGTERM and starts it again.
    pub(crate) fn restart(&self, service: &str) -> io::Result<()> {
        self.stop(&[service])?;
        self.wait()
    }

    /// Stops `services` with SIGTERM, so that they export their last spans.
    pub(crate) fn stop(&self, services: &[&str]) -> io::Result<()> {
        interruptible(self.invocation.command(&["stop"]).args(services), UP_TIMEOUT)
    }

    /// Prints the state of each container, and the last log lines of `suspects` and of containers that are not healthy.
    pub(crate) fn print_logs_at_fault(&self, suspects: &[&str]) -> io::Result<()> {
        let listed = output(&mut self.invocation.command(&["ps", "--all", "--format", "json"]))?;
        let containers: Vec<Value> =
            listed.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        for container in &containers {
            let [service, status] =
                ["Service", "Status"].map(|key| container[key].as_str().unwrap_or_default());
            eprintln!("{service}: {status}");
        }
        let unwell = containers.iter().filter(|container| !is_well(container));
        let at_fault =
            unwell.filter_map(|container| container["Service"].as_str()).chain(suspects.iter().copied());
        let mut logs = self.invocation.command(&["logs", "--no-color", "--tail", LOG_LINES]);
        eprintln!("\n{}", output(logs.args(at_fault))?);
        Ok(())
    }

    /// Returns the containers that Docker has restarted, after a panic or because they ran out of memory.
    pub(crate) fn restarted(&self) -> io::Result<Vec<String>> {
        let ids = output(&mut self.invocation.command(&["ps", "--all", "--quiet"]))?;
        let format = "{{.Name}} {{.RestartCount}}";
        let counts = output(docker(&["inspect", "--format", format]).args(ids.lines()))?;
        Ok(counts.lines().filter(|line| !line.ends_with(" 0")).map(str::to_owned).collect())
    }
}

fn is_well(container: &Value) -> bool {
    container["State"] == "running" && matches!(container["Health"].as_str(), Some("" | "healthy"))
}
