//! A redis connection whose commands are spans.

use std::sync::Arc;

use redis::aio::ConnectionLike;
use redis::{Client, Cmd, ConnectionAddr, Pipeline, RedisFuture, Value};
use tracing_core_lite::TracerProvider;
use tracing_core_lite::database::{Client as DatabaseClient, Conventions, Endpoint};

use super::future::{Open, TracedFuture};
use crate::config::Config;
use crate::record::{CommandName, CommandText, is_lookup};

/// A redis connection, such as a `MultiplexedConnection`, a `ConnectionManager` or a `ClusterConnection`, whose commands and
/// pipelines are spans. See the [crate](crate) for an example.
///
/// It is `Clone` if the connection is. Clones share their settings, and a setting that is changed on one clone does not change
/// the others.
#[derive(Debug, Clone)]
pub struct TracedRedis<C> {
    inner: C,
    config: Arc<Config>,
}

impl<C> TracedRedis<C> {
    /// Wraps `inner`.
    ///
    /// Spans go to the [installed](TracerProvider::install) provider, and to that of the OpenTelemetry API if there is none.
    #[must_use]
    pub fn new(inner: C) -> Self {
        Self { inner, config: Arc::default() }
    }

    fn with(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(Arc::make_mut(&mut self.config));
        self
    }

    fn with_client(self, change: impl FnOnce(DatabaseClient) -> DatabaseClient) -> Self {
        self.with(|config| config.set_client(change))
    }

    /// Records with `provider` in place of the installed one.
    #[must_use]
    pub fn with_provider(self, provider: &TracerProvider) -> Self {
        self.with_client(|client| client.with_provider(provider))
    }

    /// Sets the names that attributes have; by default those that the [environment](Conventions::from_env) selects.
    #[must_use]
    pub fn with_conventions(self, conventions: Conventions) -> Self {
        self.with_client(|client| client.with_conventions(conventions))
    }

    /// Sets the server that the connection leads to: `server.address` and `server.port`. Not recorded by default.
    #[must_use]
    pub fn with_server(self, address: impl Into<String>, port: impl Into<Option<u16>>) -> Self {
        let endpoint = Endpoint::unknown().with_server(address, port);
        self.with_client(|client| client.with_endpoint(endpoint))
    }

    /// Sets the server to the one that `client` connects to: its host and port, or the path of its Unix socket. Nothing else of
    /// its URL is recorded.
    #[must_use]
    pub fn with_server_of(self, client: &Client) -> Self {
        match client.get_connection_info().addr() {
            ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
                self.with_server(host.as_str(), *port)
            }
            ConnectionAddr::Unix(path) => self.with_server(path.to_string_lossy(), None),
            _ => self,
        }
    }

    /// Sets how much of a command is recorded; [`CommandText::Redacted`] by default.
    #[must_use]
    pub fn with_command_text(self, text: CommandText) -> Self {
        self.with(|config| config.command_text = text)
    }

    /// Measures `db.client.operation.duration`, in seconds, with the meter provider that is set for the OpenTelemetry API at
    /// the time of this call. Nothing is measured by default.
    #[cfg(feature = "metrics")]
    #[must_use]
    pub fn with_metrics(self) -> Self {
        self.with_client(DatabaseClient::with_metrics)
    }

    /// Measures `db.client.operation.duration`, in seconds, with `meter`.
    #[cfg(feature = "metrics")]
    #[must_use]
    pub fn with_meter(self, meter: &opentelemetry::metrics::Meter) -> Self {
        self.with_client(|client| client.with_meter(meter))
    }

    /// Returns the connection. Commands on it are not recorded.
    pub fn inner(&self) -> &C {
        &self.inner
    }

    /// Returns the connection, for example to subscribe to a channel. Commands on it are not recorded.
    pub fn inner_mut(&mut self) -> &mut C {
        &mut self.inner
    }

    /// Takes the connection out of the wrapper.
    pub fn into_inner(self) -> C {
        self.inner
    }
}

impl Config {
    /// Returns `None` if the command is neither recorded nor measured.
    fn open_command(&self, command: &Cmd, database: i64) -> Option<Open> {
        let name = CommandName::of(command);
        Open::new(self.start_command(command, &name, database), is_lookup(name.as_str()))
    }

    /// Returns `None` if the pipeline is neither recorded nor measured.
    fn open_pipeline(&self, pipeline: &Pipeline, database: i64) -> Option<Open> {
        // One command is not a batch (semantic conventions v1.44.0, `db.operation.batch.size`).
        if pipeline.len() == 1
            && !pipeline.is_transaction()
            && let Some(command) = pipeline.cmd_iter().next()
        {
            return self.open_command(command, database);
        }
        Open::new(self.start_pipeline(pipeline, database), false)
    }
}

impl<C: ConnectionLike + Send> ConnectionLike for TracedRedis<C> {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        let open = self.config.open_command(cmd, self.inner.get_db());
        let response = self.inner.req_packed_command(cmd);
        match open {
            Some(open) => Box::pin(TracedFuture::new(response, open)),
            None => response,
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        cmd: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        let open = self.config.open_pipeline(cmd, self.inner.get_db());
        let response = self.inner.req_packed_commands(cmd, offset, count);
        match open {
            Some(open) => Box::pin(TracedFuture::new(response, open)),
            None => response,
        }
    }

    fn get_db(&self) -> i64 {
        self.inner.get_db()
    }
}
