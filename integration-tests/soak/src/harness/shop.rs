//! The processes of the shop and its load.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use examples::shop::Service;

use super::health::{free_ports, is_healthy, wait_until};
use super::options::Options;
use super::process::Process;

const START_TIMEOUT: Duration = Duration::from_secs(180);
/// Longer than the shutdown of tracing plus the slowest request.
const STOP_PATIENCE: Duration = Duration::from_secs(30);
/// Never killed, so that its memory can be compared over the whole run.
const STEADY: Service = Service::Gateway;

/// Where the processes of a shop find everything else.
#[derive(Debug, Clone, Default)]
pub(super) struct Surroundings {
    /// Variables for all processes.
    pub(super) variables: BTreeMap<String, String>,
}

/// A service that can be stopped and started again.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) service: Service,
    port: u16,
    process: Mutex<Process>,
}

/// A running shop.
#[derive(Debug)]
pub(super) struct Shop {
    members: Vec<Member>,
    pub(super) load: Mutex<Process>,
}

impl Member {
    pub(super) fn process(&self) -> MutexGuard<'_, Process> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_healthy(&self) -> bool {
        is_healthy(self.port)
    }

    /// Starts the service, and again if it ends because it does not find what it needs, as a container engine does.
    pub(super) fn start(&self, mut patience: Duration) -> io::Result<bool> {
        const STEP: Duration = Duration::from_millis(100);
        self.process().start()?;
        while !self.is_healthy() {
            if patience.is_zero() {
                return Ok(false);
            }
            let has_ended = self.process().ended()?.is_some();
            if has_ended {
                self.process().start()?;
            }
            std::thread::sleep(STEP);
            patience = patience.saturating_sub(STEP);
        }
        Ok(true)
    }

    pub(super) fn stop(&self) -> io::Result<bool> {
        self.process().stop(STOP_PATIENCE)
    }

    /// Returns whether faults may end the process.
    pub(super) fn may_end(&self) -> bool {
        self.service != STEADY
    }
}

impl Shop {
    /// Starts all services and the load, in this order.
    pub(super) fn start(options: &Options, surroundings: &Surroundings, folder: &Path) -> io::Result<Self> {
        let has = |variable| surroundings.variables.contains_key(variable);
        let services = Service::ALL.into_iter().filter(|it| it.required_variable().is_none_or(has));
        let services: Vec<Service> = services.collect();
        let ports = free_ports(services.len())?;
        let mut variables = surroundings.variables.clone();
        for (service, port) in services.iter().zip(&ports) {
            variables.insert(service.url_variable(), format!("http://127.0.0.1:{port}"));
        }
        let mut members = Vec::new();
        for (service, port) in services.into_iter().zip(ports) {
            let mut command = program(&variables)?;
            command.args(["service", service.name()]).env("LISTEN", format!("127.0.0.1:{port}"));
            if !has("DATABASE_URL") {
                let file = folder.join(format!("{}.db", service.name()));
                command.env("DATABASE_URL", format!("sqlite://{}", file.display()));
            }
            let process = Mutex::new(Process::new(service.name(), command, folder));
            members.push(Member { service, port, process });
        }
        // Those that others call are started before them.
        for member in members.iter().rev() {
            if !member.start(START_TIMEOUT)? {
                let name = member.service.name();
                return Err(io::Error::other(format!("{name} is not healthy; see {name}.log")));
            }
        }
        let mut command = program(&variables)?;
        command.arg("load").env("ORDERS_PER_SECOND", options.orders.to_string());
        command.env("SPANS_PER_SECOND", options.spans.to_string());
        command.env("SOAK_CALLS", folder.join("calls.tsv"));
        let mut load = Process::new("load", command, folder);
        load.start()?;
        Ok(Self { members, load: Mutex::new(load) })
    }

    pub(super) fn members(&self) -> &[Member] {
        &self.members
    }

    pub(super) fn load(&self) -> MutexGuard<'_, Process> {
        self.load.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until all services are healthy. Returns those that are not.
    pub(super) fn wait_until_healthy(&self) -> Vec<&'static str> {
        wait_until(START_TIMEOUT, || self.members.iter().all(Member::is_healthy));
        self.members.iter().filter(|it| !it.is_healthy()).map(|it| it.service.name()).collect()
    }

    /// Returns the processes that are never ended, and their ids.
    pub(super) fn steady(&self) -> Vec<(&'static str, u32)> {
        let steady = self.members.iter().find(|it| !it.may_end());
        let gateway = steady.and_then(|it| Some((it.service.name(), it.process().id()?)));
        let load = self.load().id().map(|id| ("load", id));
        gateway.into_iter().chain(load).collect()
    }

    /// Stops the load. Returns whether it stopped without an error.
    pub(super) fn stop_load(&self) -> io::Result<bool> {
        self.load().stop(STOP_PATIENCE)
    }

    /// Stops all services. Returns those that did not stop by themselves and without an error.
    pub(super) fn stop_services(&self) -> io::Result<Vec<&'static str>> {
        let mut failed = Vec::new();
        for member in &self.members {
            if !member.stop()? {
                failed.push(member.service.name());
            }
        }
        Ok(failed)
    }

    /// Returns the lines of all logs that contain `text`.
    pub(super) fn log_lines(&self, text: &str) -> Vec<String> {
        let mut lines: Vec<String> =
            self.members.iter().flat_map(|member| member.process().log_lines(text)).collect();
        lines.extend(self.load().log_lines(text));
        lines
    }
}

/// Returns a command for this program that has no variables but these, so that those of the user change nothing.
fn program(variables: &BTreeMap<String, String>) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.env_clear().envs(variables);
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    Ok(command)
}
