//! PostgreSQL for tests, on a port and with data of its own.

use std::io;
use std::path::Path;
use std::process::Command;

use super::service::{Service, accepts, as_user, data_dir, free_port, give, program, run};

const USER: &str = "postgres";

/// Starts a server with the database `test`, whose data lie under `root`.
pub(crate) fn start(root: &Path) -> io::Result<Service> {
    let initdb = program(&["initdb"], "postgresql")?;
    let server = program(&["postgres"], "postgresql")?;
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
    // Nothing of a test's data has to outlive the machine.
    command.args(["-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "max_connections=200"]);
    command.current_dir(&dir);
    let psql = program(&["psql"], "postgresql-client")?;
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
