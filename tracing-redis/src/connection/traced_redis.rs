//! A redis connection whose commands are spans.

use std::sync::Arc;

use redis::aio::ConnectionLike;
use redis::{Client, Cmd, ConnectionAddr, Pipeline, RedisFuture, Value};
use tracing_core_lite::{Recorder, SpanKind, TracerProvider};

use super::future::{Open, TracedFuture};
use crate::config::{Config, scope};
use crate::record::attribute::{BATCH_SIZE, QUERY_TEXT};
use crate::record::{CommandName, CommandText, QueryText, Server, is_lookup, pipeline_name};

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

    /// Records with `provider` in place of the installed one.
    #[must_use]
    pub fn with_provider(self, provider: &TracerProvider) -> Self {
        let tracer = provider.tracer_with_scope(scope());
        self.with(|config| config.tracer = tracer)
    }

    /// Sets the server that the connection leads to: `server.address` and `server.port`. Not recorded by default.
    #[must_use]
    pub fn with_server(self, address: impl Into<String>, port: impl Into<Option<u16>>) -> Self {
        let server = Server::new(address.into(), port.into());
        self.with(|config| config.server = Some(server))
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
        let meter = opentelemetry::global::meter_with_scope(scope());
        self.with_meter(&meter)
    }

    /// Measures `db.client.operation.duration`, in seconds, with `meter`.
    #[cfg(feature = "metrics")]
    #[must_use]
    pub fn with_meter(self, meter: &opentelemetry::metrics::Meter) -> Self {
        let metrics = crate::record::Metrics::new(meter);
        self.with(|config| config.metrics = Some(metrics))
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
    /// Starts a span. Returns `None` if it is neither recorded nor measured.
    #[inline]
    fn start(&self, operation: &str, database: i64, write: impl FnOnce(&mut Recorder<'_>)) -> Option<Open> {
        let mut is_recorded = false;
        let name = self.span_name(operation);
        let span = self.tracer.span(name.as_str()).with_kind(SpanKind::Client).start_with(|span| {
            is_recorded = true;
            self.record(span, operation, database);
            write(span);
        });
        #[cfg(feature = "metrics")]
        let measurement =
            self.metrics.as_ref().map(|metrics| metrics.start(self.server.as_ref(), operation, database));
        #[cfg(feature = "metrics")]
        let is_recorded = is_recorded || measurement.is_some();
        is_recorded.then(|| Open {
            span: Some(span),
            is_lookup: is_lookup(operation),
            #[cfg(feature = "metrics")]
            measurement,
        })
    }

    fn start_command(&self, command: &Cmd, database: i64) -> Option<Open> {
        let name = CommandName::of(command);
        self.start(name.as_str(), database, |span| {
            if self.command_text != CommandText::Hidden {
                span.set(QUERY_TEXT, QueryText::of(command, self.command_text).as_str());
            }
        })
    }

    fn start_pipeline(&self, pipeline: &Pipeline, database: i64) -> Option<Open> {
        let size = pipeline.len();
        if size == 1
            && !pipeline.is_transaction()
            && let Some(command) = pipeline.cmd_iter().next()
        {
            // One command is not a batch (semantic conventions v1.44.0, `db.operation.batch.size`).
            return self.start_command(command, database);
        }
        let name = pipeline_name(pipeline);
        self.start(name.as_str(), database, |span| {
            if self.command_text != CommandText::Hidden {
                span.set(QUERY_TEXT, QueryText::of_pipeline(pipeline, self.command_text).as_str());
            }
            if size > 1 {
                span.set(BATCH_SIZE, size);
            }
        })
    }
}

impl<C: ConnectionLike + Send> ConnectionLike for TracedRedis<C> {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        let open = self.config.start_command(cmd, self.inner.get_db());
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
        let open = self.config.start_pipeline(cmd, self.inner.get_db());
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
