//! Starts the three servers, runs a command with their URLs in the environment, and stops them.
//!
//! `rustc --edition 2024 -O xtask_services/main.rs -o target/services-main && target/services-main cargo test -p tracing-sql`

mod mariadb;
mod postgres;
mod redis;
mod service;

use std::path::Path;
use std::process::{Command, ExitCode};
use std::{env, io};

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> io::Result<bool> {
    let root = Path::new("target/services");
    std::fs::create_dir_all(root)?;
    let (postgres, mariadb, redis) = (postgres::start(root)?, mariadb::start(root)?, redis::start(root)?);
    let mut arguments = env::args_os().skip(1);
    let Some(program) = arguments.next() else { return Ok(true) };
    let status = Command::new(program)
        .args(arguments)
        .env("TEST_POSTGRES_URL", &postgres.url)
        .env("TEST_MYSQL_URL", &mariadb.url)
        .env("TEST_REDIS_URL", &redis.url)
        .status()?;
    for service in [postgres, mariadb, redis] {
        service.stop()?;
    }
    Ok(status.success())
}
