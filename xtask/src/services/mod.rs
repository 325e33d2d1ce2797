//! The databases and brokers that tests talk to: installed where they are missing, started for one run, and stopped after it.

pub(crate) mod kafka;
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

use self::service::Service;
pub(crate) use self::service::{free_ports, program, run as run_command};
use crate::undo::{Undo, undo_on_signals};
use crate::workspace::root;

/// A server that can be started.
struct Known {
    /// What it is called on the command line.
    name: &'static str,
    title: &'static str,
    /// Where tests look for it.
    variable: &'static str,
    start: fn(&Path) -> io::Result<Service>,
}

const KNOWN: [Known; 5] = [
    Known { name: "postgres", title: "PostgreSQL", variable: "TEST_POSTGRES_URL", start: postgres::start },
    Known { name: "mariadb", title: "MariaDB", variable: "TEST_MYSQL_URL", start: mariadb::start },
    Known { name: "redis", title: "Redis", variable: "TEST_REDIS_URL", start: redis::start },
    Known { name: "rabbitmq", title: "RabbitMQ", variable: "AMQP_URL", start: rabbitmq::start },
    Known { name: "kafka", title: "Kafka", variable: "KAFKA_BROKERS", start: kafka::start },
];

/// Running servers, and the variables in which tests look for them.
#[derive(Debug)]
pub(crate) struct Services {
    variables: Vec<(&'static str, String)>,
    _running: Vec<Service>,
    /// Dropped after the servers, whose data it holds.
    _folder: RunFolder,
}

/// The data and logs of one run, removed at its end: two runs beside each other never share a server's data.
#[derive(Debug)]
struct RunFolder {
    path: PathBuf,
    _removal: Undo,
}

impl RunFolder {
    fn make() -> io::Result<Self> {
        let all = root().join("target/services");
        std::fs::create_dir_all(&all)?;
        // A run that was killed has left its own behind. A folder is called like its run's process.
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
    /// Starts the servers called `names`, or all when none is given, but those that a variable of the environment names
    /// already.
    pub(crate) fn start(names: &[String]) -> io::Result<Self> {
        if let Some(unknown) = names.iter().find(|name| KNOWN.iter().all(|known| known.name != **name)) {
            let known = KNOWN.map(|known| known.name).join(", ");
            return Err(io::Error::other(format!("there is no service {unknown:?}, but {known}")));
        }
        undo_on_signals()?;
        let folder = RunFolder::make()?;
        let (mut variables, mut running) = (Vec::new(), Vec::new());
        for known in &KNOWN {
            if !names.is_empty() && !names.iter().any(|name| name == known.name) {
                continue;
            }
            let (title, variable) = (known.title, known.variable);
            if let Ok(url) = std::env::var(variable) {
                println!("{title}: {url}, as {variable} says");
                continue;
            }
            print!("{title}: starting ...");
            let service = (known.start)(&folder.path).map_err(|error| {
                io::Error::other(format!(
                    "{title} is needed for the tests and could not be started: {error}\n\
                     Install it, or start one yourself and put its address into {variable}."
                ))
            })?;
            println!(" {}", service.url);
            variables.push((variable, service.url.clone()));
            running.push(service);
        }
        python::check()?;
        Ok(Self { variables, _running: running, _folder: folder })
    }

    /// Tells `command` where the servers are.
    pub(crate) fn tell(&self, command: &mut Command) {
        command.envs(self.variables.iter().map(|(variable, url)| (variable, url)));
    }
}

/// `cargo xtask services`: keeps servers running until a signal ends it, so that one can run single tests.
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
