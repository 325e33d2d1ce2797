//! A broker that speaks Kafka's protocol, for tests: noida-db, since Apache Kafka is not to be had by apt or pip.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::python;
use super::service::{Service, ask, data_dir, free_port};

/// Where the program comes from.
const PACKAGE: &str = "noida-db==0.2.3";

/// Asks which requests the broker knows: ApiVersions (18) in version 0, with the correlation id 7 and no client id.
const API_VERSIONS: [u8; 14] = [0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 255, 255];

/// The program.
pub(crate) fn server() -> io::Result<PathBuf> {
    let environment = python::environment("kafka-broker", &[PACKAGE])?;
    // The program itself: the script of that name in the environment passes no signal on to it.
    let program = python::packages(&environment)?.join("noida_db/noida-db");
    python::make_executable(&program)?;
    Ok(program)
}

/// Starts a broker whose data lie under `root`.
pub(crate) fn start(root: &Path) -> io::Result<Service> {
    let server = server()?;
    let dir = data_dir(root, "kafka")?;
    let port = free_port()?;
    let mut command = Command::new(server);
    command.args(["start", "--only", "kafka", "--host", "127.0.0.1", "--kafka-port", &port.to_string()]);
    command.arg("--data-dir").arg(&dir).current_dir(&dir);
    let answers = || ask(port, &API_VERSIONS).is_ok_and(|[.., id]: [u8; 8]| id == 7);
    Service::start(command, format!("127.0.0.1:{port}"), &root.join("kafka.log"), answers)
}
