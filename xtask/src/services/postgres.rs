//! PostgreSQL for tests, on a port and with data of its own.

use std::io;
use std::path::Path;
use std::process::Command;

use super::apt::Program;
use super::service::{Service, accepts, as_user, data_dir, free_port, give, run};

const USER: &str = "postgres";
const INITDB: Program = Program { names: &["initdb"], package: "postgresql" };
const SERVER: Program = Program { names: &["postgres"], package: "postgresql" };
const CLIENT: Program = Program { names: &["psql"], package: "postgresql-client" };
pub(crate) const PROGRAMS: &[Program] = &[INITDB, SERVER, CLIENT];

/// Starts a server with the database `test`, and keeps its data under `root`.
pub(crate) fn start(root: &Path) -> io::Result<Service> {
    let (initdb, server, psql) = (INITDB.path()?, SERVER.path()?, CLIENT.path()?);
    let dir = data_dir(root, "postgres")?;
    give(&dir, USER)?;
    let data = dir.join("data");
    run(as_user(USER, &initdb)
        .args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"])
        .arg(&data)
        .current_dir(&dir))?;
    let port = free_port()?;
    let mut command = as_user(USER, &server);
    command.arg("-D").arg(&data).args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"]);
    // Test data does not have to survive a crash.
    command.args(["-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "max_connections=200"]);
    command.current_dir(&dir);
    let query = |database: &str, sql: &str| {
        let mut command = Command::new(&psql);
        command.args([
            "-h",
            "127.0.0.1",
            "-p",
            &port.to_string(),
            "-U",
            "postgres",
            "-d",
            database,
            "-c",
            sql,
        ]);
        command
    };
    let url = format!("postgres://postgres@127.0.0.1:{port}/test");
    let is_ready = || accepts(port) && run(&mut query("postgres", "SELECT 1")).is_ok();
    let service = Service::start(command, url, &root.join("postgres.log"), is_ready)?.stopped_by("-INT");
    run(&mut query("postgres", "CREATE DATABASE test"))?;
    Ok(service)
}
