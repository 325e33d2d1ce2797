//! Redis for tests, on a port of its own and without a file.

use std::io;
use std::path::Path;
use std::process::Command;

use super::apt::Program;
use super::service::{Service, ask, data_dir, free_port};

const SERVER: Program = Program { names: &["redis-server"], package: "redis-server" };
pub(crate) const PROGRAMS: &[Program] = &[SERVER];

/// Starts a server.
pub(crate) fn start(root: &Path) -> io::Result<Service> {
    let server = SERVER.path()?;
    let dir = data_dir(root, "redis")?;
    let port = free_port()?;
    let mut command = Command::new(server);
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
    command.current_dir(&dir);
    let url = format!("redis://127.0.0.1:{port}/");
    Service::start(command, url, &root.join("redis.log"), || {
        ask(port, b"PING\r\n").is_ok_and(|answer| &answer == b"+PONG\r\n")
    })
}
