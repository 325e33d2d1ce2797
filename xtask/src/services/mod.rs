//! The databases and brokers that tests use. A run installs missing ones, starts them, and stops them at its end.

mod apt;
mod cache;
pub(crate) mod kafka;
mod kafka_tls;
mod mariadb;
mod postgres;
pub(crate) mod python;
mod rabbitmq;
mod redis;
mod service;

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

pub(crate) use self::apt::{Program, SWITCH, install, installs, program};
pub(crate) use self::cache::{cache_folder, cached};
use self::service::Service;
pub(crate) use self::service::{free_ports, is_root, run as run_command};
use crate::undo::{Undo, undo_on_signals};
use crate::workspace::root;

/// A server that can be started.
struct Known {
    /// Its name on the command line.
    name: &'static str,
    title: &'static str,
    /// The variable in which tests look for its address.
    variable: &'static str,
    /// The programs that it needs and that are not installed.
    missing: fn() -> Vec<Program>,
    start: fn(&Path) -> io::Result<Service>,
}

const KNOWN: [Known; 5] = [
    Known {
        name: "postgres",
        title: "PostgreSQL",
        variable: "TEST_POSTGRES_URL",
        missing: || not_installed(postgres::PROGRAMS),
        start: postgres::start,
    },
    Known {
        name: "mariadb",
        title: "MariaDB",
        variable: "TEST_MYSQL_URL",
        missing: || not_installed(mariadb::PROGRAMS),
        start: mariadb::start,
    },
    Known {
        name: "redis",
        title: "Redis",
        variable: "TEST_REDIS_URL",
        missing: || not_installed(redis::PROGRAMS),
        start: redis::start,
    },
    Known {
        name: "rabbitmq",
        title: "RabbitMQ",
        variable: "AMQP_URL",
        missing: || not_installed(rabbitmq::PROGRAMS),
        start: rabbitmq::start,
    },
    Known {
        name: "kafka",
        title: "Apache Kafka",
        variable: "KAFKA_BROKERS",
        missing: kafka::missing,
        start: kafka::start,
    },
];

fn not_installed(programs: &[Program]) -> Vec<Program> {
    programs.iter().copied().filter(|program| program.find().is_none()).collect()
}

/// Running servers, and the variables in which tests look for them.
#[derive(Debug)]
pub(crate) struct Services {
    variables: Vec<(&'static str, String)>,
    running: Vec<(&'static str, Service)>,
    /// Dropped after the servers, whose data it holds.
    folder: RunFolder,
}

/// The data and logs of one run, removed at its end. Runs at the same time do not share them.
#[derive(Debug)]
struct RunFolder {
    path: PathBuf,
    _removal: Undo,
}

impl RunFolder {
    fn make() -> io::Result<Self> {
        let all = root().join("target/services");
        std::fs::create_dir_all(&all)?;
        // Remove the folders of killed runs. A folder has the process id of its run in its name.
        for left in std::fs::read_dir(&all)?.flatten() {
            let process = left.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
            if process.is_some_and(|process| !Path::new(&format!("/proc/{process}")).exists()) {
                std::fs::remove_dir_all(left.path())?;
            }
        }
        let path = all.join(std::process::id().to_string());
        std::fs::create_dir_all(&path)?;
        let removed = path.clone();
        let removal = Undo::new(move || {
            let _ = std::fs::remove_dir_all(removed);
        });
        Ok(Self { path, _removal: removal })
    }
}

impl Services {
    /// Starts the servers called `names`, or all when there are none, except those whose variable is set already.
    pub(crate) fn start(names: &[String]) -> io::Result<Self> {
        if let Some(unknown) = names.iter().find(|name| KNOWN.iter().all(|known| known.name != **name)) {
            let known = KNOWN.map(|known| known.name).join(", ");
            return Err(io::Error::other(format!("there is no service {unknown:?}; there are {known}")));
        }
        let wanted = |known: &Known| names.is_empty() || names.iter().any(|name| name == known.name);
        let wanted: Vec<Known> = KNOWN.into_iter().filter(wanted).collect();
        install_missing(&wanted)?;
        undo_on_signals()?;
        let folder = RunFolder::make()?;
        let (mut variables, mut running) = (Vec::new(), Vec::new());
        for known in &wanted {
            let (title, variable) = (known.title, known.variable);
            if let Ok(url) = std::env::var(variable) {
                println!("{title}: {url}, from {variable}");
                continue;
            }
            print!("{title}: starting ...");
            let service = (known.start)(&folder.path).map_err(|error| {
                io::Error::other(format!(
                    "could not start {title}, which tests need: {error}\n\
                     To use another one, put its address into {variable}."
                ))
            })?;
            println!(" {}", service.url);
            variables.push((variable, service.url.clone()));
            variables.extend(service.variables.iter().cloned());
            running.push((known.name, service));
        }
        Ok(Self { variables, running, folder })
    }

    /// Puts the servers' addresses into the environment of `command`.
    pub(crate) fn tell(&self, command: &mut Command) {
        command.envs(self.variables.iter().map(|(variable, url)| (variable, url)));
    }

    /// Returns the address of the server that tests find in `variable`, if this run has started it.
    pub(crate) fn url(&self, variable: &str) -> Option<&str> {
        self.variables.iter().find(|(name, _)| *name == variable).map(|(_, url)| url.as_str())
    }

    /// Starts each server again whenever it ends. Returns their names, and files with the ids of their process groups.
    pub(crate) fn keep_running(&self) -> io::Result<Vec<(&'static str, PathBuf)>> {
        let keep = |(name, service): &(&'static str, Service)| {
            let file = self.folder.path.join(format!("{name}.group"));
            service.keep_running(&file).map(|()| (*name, file))
        };
        self.running.iter().map(keep).collect()
    }
}

/// Installs everything that `services` and the tests in Python need, before any server starts.
fn install_missing(services: &[Known]) -> io::Result<()> {
    let to_start = |known: &&Known| std::env::var_os(known.variable).is_none();
    let to_start: Vec<&Known> = services.iter().filter(to_start).collect();
    let missing = to_start.iter().flat_map(|known| (known.missing)());
    let mut packages: Vec<&str> = missing.map(|program| program.package).chain(python::missing()).collect();
    packages.sort_unstable();
    packages.dedup();
    if packages.is_empty() {
        return Ok(());
    }
    let variables: Vec<&str> = to_start.iter().map(|known| known.variable).collect();
    let instead = match variables.join(", ") {
        // Only the tests in Python lack something.
        none if none.is_empty() => String::new(),
        variables => {
            format!("Servers of your own are used when their addresses are in the environment: {variables}.")
        }
    };
    install(&packages, &instead)
}

/// `cargo xtask services`: keeps servers running until a signal ends it, to run single tests against them.
pub(crate) fn run(names: &[String]) -> io::Result<bool> {
    let services = Services::start(names)?;
    println!();
    for (variable, url) in &services.variables {
        println!("export {variable}={url}");
    }
    println!("\nrunning until Ctrl-C");
    loop {
        thread::park();
    }
}
