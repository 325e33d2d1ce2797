//! What a connection's wrapper was told.

use std::fmt::Write;

use tracing_core_lite::{Recorder, Tracer};

use super::command::CommandText;
use crate::scope::scope;
use crate::semconv::db::{NAMESPACE, OPERATION, REDIS, SERVER_ADDRESS, SERVER_PORT, SYSTEM};
use tracing_core_lite::layer_support::StackText;

/// Longest name of a span, in bytes.
const LONGEST_NAME: usize = 128;

/// Shared by all clones of a connection.
#[derive(Debug, Clone)]
pub(super) struct Config {
    pub(super) tracer: Tracer,
    pub(super) command_text: CommandText,
    pub(super) server: Option<Server>,
    #[cfg(feature = "metrics")]
    pub(super) metrics: Option<super::metrics::Metrics>,
}

#[derive(Debug, Clone)]
pub(super) struct Server {
    pub(super) address: String,
    pub(super) port: Option<u16>,
    /// `address:port`, for the names of spans.
    target: String,
}

impl Server {
    pub(super) fn new(address: String, port: Option<u16>) -> Self {
        let target = match port {
            Some(port) => format!("{address}:{port}"),
            None => address.clone(),
        };
        Self { address, port, target }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            tracer: Tracer::global(scope()),
            command_text: CommandText::default(),
            server: None,
            #[cfg(feature = "metrics")]
            metrics: None,
        }
    }
}

impl Config {
    /// `{db.operation.name} {server.address}:{server.port}`, as far as they are known (semantic conventions for database
    /// client spans, section "Name"; those for Redis leave the namespace out).
    pub(super) fn span_name(&self, operation: &str) -> StackText<LONGEST_NAME> {
        let mut name = StackText::new();
        name.push(operation);
        if let Some(server) = &self.server {
            name.push(" ").push(&server.target);
        }
        name
    }

    /// Sets what all spans have.
    pub(super) fn record(&self, span: &mut Recorder<'_>, operation: &str, database: i64) {
        span.set(SYSTEM, REDIS).set(OPERATION, operation).set(NAMESPACE, namespace(database).as_str());
        if let Some(server) = &self.server {
            span.set(SERVER_ADDRESS, &server.address).set_some(SERVER_PORT, server.port);
        }
    }
}

pub(super) fn namespace(database: i64) -> StackText<20> {
    let mut text = StackText::new();
    // Writing to the stack does not fail.
    let _written = write!(text, "{database}");
    text
}
