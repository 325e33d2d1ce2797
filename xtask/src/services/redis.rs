//! Redis for tests, on a port of its own and without a file.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::service::{Service, data_dir, free_port, program};

/// Starts a server.
pub(crate) fn start(root: &Path) -> io::Result<Service> {
    let server = program(&["redis-server"], "redis-server")?;
    let dir = data_dir(root, "redis")?;
    let port = free_port()?;
    let mut command = Command::new(server);
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
    command.current_dir(&dir);
    let url = format!("redis://127.0.0.1:{port}/");
    Service::start(command, url, &root.join("redis.log"), || ping(port).is_ok_and(|pong| pong))
}

fn ping(port: u16) -> io::Result<bool> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    stream.write_all(b"PING\r\n")?;
    let mut reply = [0; 7];
    stream.read_exact(&mut reply)?;
    Ok(&reply == b"+PONG\r\n")
}
