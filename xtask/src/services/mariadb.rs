//! MariaDB for tests, on a port and with data of its own.

use std::io;
use std::path::Path;
use std::process::Command;

use super::apt::Program;
use super::service::{Service, accepts, data_dir, free_port, give, is_root, run};

const USER: &str = "mysql";
const INSTALL: Program =
    Program { names: &["mariadb-install-db", "mysql_install_db"], package: "mariadb-server" };
const SERVER: Program = Program { names: &["mariadbd", "mysqld"], package: "mariadb-server" };
const CLIENT: Program = Program { names: &["mariadb", "mysql"], package: "mariadb-client" };
pub(crate) const PROGRAMS: &[Program] = &[INSTALL, SERVER, CLIENT];

/// Starts a server with the database `test` and the user `test`, and keeps its data under `root`.
pub(crate) fn start(root: &Path) -> io::Result<Service> {
    let (install, server, client) = (INSTALL.path()?, SERVER.path()?, CLIENT.path()?);
    let dir = data_dir(root, "mariadb")?;
    give(&dir, USER)?;
    let data = format!("--datadir={}", dir.join("data").display());
    let socket = dir.join("server.sock");
    let user = is_root().then(|| format!("--user={USER}"));
    run(Command::new(install)
        .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db", &data])
        .args(&user))?;
    let port = free_port()?;
    let mut command = Command::new(server);
    command.args(["--no-defaults", "--bind-address=127.0.0.1", &format!("--port={port}"), &data]);
    command.args(["--innodb-flush-log-at-trx-commit=0", "--max-connections=200"]);
    command
        .arg(format!("--socket={}", socket.display()))
        .arg(format!("--pid-file={}", dir.join("pid").display()));
    command.args(&user);
    let query = |sql: &str| {
        let mut command = Command::new(&client);
        command
            .args(["--no-defaults", "-u", "root", "-e", sql])
            .arg(format!("--socket={}", socket.display()));
        command
    };
    let url = format!("mysql://test@127.0.0.1:{port}/test");
    let is_ready = || accepts(port) && run(&mut query("SELECT 1")).is_ok();
    let service = Service::start(command, url, &root.join("mariadb.log"), is_ready)?;
    run(&mut query(
        "CREATE DATABASE test CHARACTER SET utf8mb4; CREATE USER test@'%'; GRANT ALL ON test.* TO test@'%'",
    ))?;
    Ok(service)
}
