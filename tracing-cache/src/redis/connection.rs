//! A redis connection whose commands are spans.

use std::sync::Arc;

use ::redis::aio::ConnectionLike;
use ::redis::{Client, Cmd, ConnectionAddr, Pipeline, RedisFuture, Value};
use tracing_core_lite::{Recorder, Span, SpanKind, TracerProvider};

use super::command::{self, CommandText, Name, Text};
use super::config::{Config, Server};
use super::future::{Open, TracedFuture};
use crate::scope::scope;
use crate::semconv::db::{BATCH_SIZE, QUERY_TEXT};

/// A connection, such as `MultiplexedConnection`, `ConnectionManager` or `ClusterConnection`, whose commands and pipelines
/// are spans. See the [module's documentation](super).
///
/// It is `Clone` when the connection is; a clone is cheap.
#[derive(Debug, Clone)]
pub struct TracedConnection<C> {
    inner: C,
    config: Arc<Config>,
}

impl<C> TracedConnection<C> {
    /// Wraps `inner`. It records with the provider that is [installed](TracerProvider::install), or with the one of the
    /// OpenTelemetry API.
    #[must_use]
    pub fn new(inner: C) -> Self {
        Self { inner, config: Arc::default() }
    }

    fn set(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(Arc::make_mut(&mut self.config));
        self
    }

    /// Records with `provider`, whatever is installed.
    #[must_use]
    pub fn with_provider(self, provider: &TracerProvider) -> Self {
        let tracer = provider.tracer_with_scope(scope());
        self.set(|config| config.tracer = tracer)
    }

    /// Takes `server.address` and `server.port` from what `client` connects to: host and port, or the path of a Unix
    /// socket. Nothing else of its URL is recorded.
    #[must_use]
    pub fn server_of(self, client: &Client) -> Self {
        match client.get_connection_info().addr() {
            ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
                self.server_address(host.as_str(), *port)
            }
            ConnectionAddr::Unix(path) => self.server_address(path.to_string_lossy(), None),
            _ => self,
        }
    }

    /// Says which server the connection goes to: `server.address` and `server.port`; not recorded by default.
    #[must_use]
    pub fn server_address(self, address: impl Into<String>, port: impl Into<Option<u16>>) -> Self {
        let server = Server::new(address.into(), port.into());
        self.set(|config| config.server = Some(server))
    }

    /// Sets how much of commands is recorded; [`CommandText::Redacted`] by default.
    #[must_use]
    pub fn command_text(self, text: CommandText) -> Self {
        self.set(|config| config.command_text = text)
    }

    /// Measures `db.client.operation.duration` with the meter provider that is set for the OpenTelemetry API when this is
    /// called; nothing is measured by default.
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
        let metrics = super::metrics::Metrics::new(meter);
        self.set(|config| config.metrics = Some(metrics))
    }

    /// The connection, for what is no command: its commands are not recorded.
    pub fn inner(&self) -> &C {
        &self.inner
    }

    /// As [`inner`](TracedConnection::inner).
    pub fn inner_mut(&mut self) -> &mut C {
        &mut self.inner
    }

    /// The connection.
    pub fn into_inner(self) -> C {
        self.inner
    }
}

impl Config {
    /// Starts a span; `None` when nobody looks at it.
    #[inline]
    fn start(&self, operation: &str, database: i64, write: impl FnOnce(&mut Recorder<'_>)) -> Option<Open> {
        let mut is_recorded = false;
        let name = self.span_name(operation);
        let span: Span = self.tracer.span(name.as_str()).with_kind(SpanKind::Client).start_with(|span| {
            is_recorded = true;
            self.record(span, operation, database);
            write(span);
        });
        #[cfg(feature = "metrics")]
        let measurement = self.metrics.as_ref().map(|metrics| metrics.start(self, operation, database));
        #[cfg(feature = "metrics")]
        let is_recorded = is_recorded || measurement.is_some();
        is_recorded.then(|| Open {
            span: Some(span),
            is_look_up: command::is_look_up(operation),
            #[cfg(feature = "metrics")]
            measurement,
        })
    }

    fn start_command(&self, command: &Cmd, database: i64) -> Option<Open> {
        let name = Name::of(command);
        self.start(name.as_str(), database, |span| {
            if self.command_text != CommandText::Hidden {
                span.set(QUERY_TEXT, Text::of(command, self.command_text).as_str());
            }
        })
    }

    fn start_pipeline(&self, pipeline: &Pipeline, database: i64) -> Option<Open> {
        let size = pipeline.len();
        if size == 1
            && !pipeline.is_transaction()
            && let Some(command) = pipeline.cmd_iter().next()
        {
            // One command is no batch (semantic conventions, `db.operation.batch.size`).
            return self.start_command(command, database);
        }
        let name = command::pipeline_name(pipeline);
        self.start(name.as_str(), database, |span| {
            if self.command_text != CommandText::Hidden {
                span.set(QUERY_TEXT, Text::of_pipeline(pipeline, self.command_text).as_str());
            }
            if size > 1 {
                span.set(BATCH_SIZE, size);
            }
        })
    }
}

impl<C: ConnectionLike + Send> ConnectionLike for TracedConnection<C> {
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
