//! The databases that tests talk to: installed where they are missing, started for one run, and stopped after it.

mod mariadb;
mod postgres;
mod python;
mod redis;
mod service;

use std::io;
use std::process::Command;

use self::service::Service;
use crate::workspace::root;

/// Running servers, and the variables in which tests look for them.
#[derive(Debug)]
pub(crate) struct Services {
    variables: Vec<(&'static str, String)>,
    _running: Vec<Service>,
}

impl Services {
    /// Starts what no variable of the environment names already.
    pub(crate) fn start() -> io::Result<Self> {
        let folder = root().join("target/services");
        std::fs::create_dir_all(&folder)?;
        let (mut variables, mut running) = (Vec::new(), Vec::new());
        type Start = fn(&std::path::Path) -> io::Result<Service>;
        let known: [(&str, &'static str, Start); 3] = [
            ("PostgreSQL", "TEST_POSTGRES_URL", postgres::start),
            ("MariaDB", "TEST_MYSQL_URL", mariadb::start),
            ("Redis", "TEST_REDIS_URL", redis::start),
        ];
        for (name, variable, start) in known {
            if let Ok(url) = std::env::var(variable) {
                println!("{name}: {url}, as {variable} says");
                continue;
            }
            print!("{name}: starting ...");
            let service = start(&folder).map_err(|error| {
                io::Error::other(format!(
                    "{name} is needed for the tests and could not be started: {error}\n\
                     Install it, or start one yourself and put its URL into {variable}."
                ))
            })?;
            println!(" {}", service.url);
            variables.push((variable, service.url.clone()));
            running.push(service);
        }
        python::check()?;
        Ok(Self { variables, _running: running })
    }

    /// Tells `command` where the servers are.
    pub(crate) fn tell(&self, command: &mut Command) {
        command.envs(self.variables.iter().map(|(variable, url)| (variable, url)));
    }
}
