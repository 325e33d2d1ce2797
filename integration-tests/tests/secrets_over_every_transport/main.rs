//! Each secret of the corpus is sent through every layer and wrapper, and none is in the bytes that arrive at the backend.
//!
//! The tests of SQL, redis, Kafka and AMQP need servers. `cargo xtask test` starts them.
#![allow(clippy::unwrap_used, reason = "a test panics if its setup fails")]

mod amqp;
mod backend;
mod corpus;
mod grpc;
mod http;
mod kafka;
mod redis;
mod sql;

/// Returns the address of a server of the tests.
fn from_env(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: this test needs a server (`cargo xtask test` starts one)")
    })
}

/// Returns a name that is unique to this test and this run.
fn unique(name: &str) -> String {
    let run = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
    format!("{name}-{}-{run:x}", std::process::id())
}
