//! A database client, with the data that all its spans share.

use opentelemetry::InstrumentationScope;
use opentelemetry::trace::SpanKind;

use super::attribute::{NAMESPACE, POOL_NAME, SERVER_ADDRESS, SERVER_PORT, SYSTEM_NAME};
use super::command::{Command, Target};
#[cfg(feature = "database-metrics")]
use super::metrics::Metrics;
use super::{Conventions, DatabaseSpan, Endpoint};
use crate::provider::Tracer;
use crate::provider::TracerProvider;
use crate::span::prepared::PreparedAttributes;
use crate::span::{Recorder, SpanName, Value};

/// One database client. It starts the spans of its commands.
///
/// A clone copies the settings. Put the client into an `Arc` to share it.
#[derive(Debug, Clone)]
pub struct Client {
    scope: InstrumentationScope,
    tracer: Tracer,
    system: &'static str,
    endpoint: Endpoint,
    pool_name: Option<String>,
    conventions: Conventions,
    names_servers: bool,
    /// The target of commands that name none, for the names of their spans.
    target: Option<String>,
    /// The attributes that every span has.
    attributes: PreparedAttributes,
    #[cfg(feature = "database-metrics")]
    metrics: Option<Metrics>,
}

impl Client {
    /// Creates a client of the database product `system`, one of the values of `db.system.name`.
    ///
    /// `scope` names the instrumentation. Spans go to the [installed](TracerProvider::install) provider, and to that of
    /// the OpenTelemetry API if there is none. Attribute names are those that the
    /// [environment](Conventions::from_env) selects. Nothing is measured.
    #[must_use]
    pub fn new(system: &'static str, scope: InstrumentationScope) -> Self {
        Self {
            tracer: Tracer::global(scope.clone()),
            scope,
            system,
            endpoint: Endpoint::unknown(),
            pool_name: None,
            conventions: Conventions::from_env(),
            names_servers: false,
            target: None,
            attributes: PreparedAttributes::new(),
            #[cfg(feature = "database-metrics")]
            metrics: None,
        }
        .prepared()
    }

    /// Records with `provider` instead of the installed one.
    #[must_use]
    pub fn with_provider(mut self, provider: &TracerProvider) -> Self {
        self.tracer = provider.tracer_with_scope(self.scope.clone());
        self
    }

    /// Records with `tracer`.
    #[must_use]
    pub fn with_tracer(mut self, tracer: Tracer) -> Self {
        self.tracer = tracer;
        self
    }

    /// Sets the database product (`db.system.name`).
    #[must_use]
    pub fn with_system_name(mut self, system: &'static str) -> Self {
        self.system = system;
        self.prepared()
    }

    /// Sets the address of the database; unknown by default.
    #[must_use]
    pub fn with_endpoint(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = endpoint;
        self.prepared()
    }

    /// Sets the name of the connection pool (`db.client.connection.pool.name`); not recorded by default.
    #[must_use]
    pub fn with_pool_name(mut self, name: impl Into<String>) -> Self {
        self.pool_name = Some(name.into());
        self.prepared()
    }

    /// Sets the names that attributes have.
    #[must_use]
    pub fn with_conventions(mut self, conventions: Conventions) -> Self {
        self.conventions = conventions;
        self.prepared()
    }

    /// Names spans after the server and never after the namespace, as the conventions for Redis require.
    #[must_use]
    pub fn with_server_as_target(mut self) -> Self {
        self.names_servers = true;
        self.prepared()
    }

    /// Measures `db.client.operation.duration`, in seconds, with `meter`.
    #[cfg(feature = "database-metrics")]
    #[must_use]
    pub fn with_meter(mut self, meter: &opentelemetry::metrics::Meter) -> Self {
        self.metrics = Some(Metrics::new(meter));
        self
    }

    /// Measures `db.client.operation.duration`, in seconds, with the meter provider that is set for the OpenTelemetry
    /// API at the time of this call.
    #[cfg(feature = "database-metrics")]
    #[must_use]
    pub fn with_metrics(self) -> Self {
        let meter = opentelemetry::global::meter_with_scope(self.scope.clone());
        self.with_meter(&meter)
    }

    /// Computes the values that depend on the settings.
    fn prepared(mut self) -> Self {
        let server = self.endpoint.server().map(String::from);
        self.target = if self.names_servers { server } else { self.endpoint.namespace.clone().or(server) };
        let mut attributes = PreparedAttributes::new();
        let mut set = |name, value: Option<Value<'_>>| {
            for key in self.conventions.keys(name) {
                attributes.set_some(key, value);
            }
        };
        set(SYSTEM_NAME, Some(self.system.into()));
        set(NAMESPACE, self.endpoint.namespace.as_deref().map(Value::from));
        set(SERVER_ADDRESS, self.endpoint.address.as_deref().map(Value::from));
        set(SERVER_PORT, self.endpoint.port.map(Value::from));
        set(POOL_NAME, self.pool_name.as_deref().map(Value::from));
        self.attributes = attributes;
        self
    }

    /// Returns the tracer that records the spans.
    #[must_use]
    #[inline]
    pub fn tracer(&self) -> &Tracer {
        &self.tracer
    }

    /// Returns the database product.
    #[must_use]
    pub fn system_name(&self) -> &'static str {
        self.system
    }

    /// Returns the address of the database.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Returns the names that attributes have.
    #[must_use]
    #[inline]
    pub fn conventions(&self) -> Conventions {
        self.conventions
    }

    /// Returns the name of the connection pool: the one that was set, else the target of the client.
    #[must_use]
    pub fn pool_name(&self) -> &str {
        self.pool_name.as_deref().unwrap_or_else(|| self.default_name())
    }

    /// Returns the default name of spans: the target, or the system.
    #[must_use]
    #[inline]
    pub fn default_name(&self) -> &str {
        self.target().unwrap_or(self.system)
    }

    /// Returns the target of commands that name none, for the names of their spans: the namespace, or `address:port`.
    #[must_use]
    #[inline]
    pub fn target(&self) -> Option<&str> {
        self.target.as_deref()
    }

    /// Sets the attributes that every span of the client has.
    #[inline]
    pub fn record(&self, span: &mut Recorder<'_>) {
        span.set_prepared(&self.attributes);
    }

    /// Starts the span of `command`.
    #[inline]
    pub fn start(&self, command: &Command<'_>) -> DatabaseSpan {
        self.start_with(command, |_| {})
    }

    /// Starts the span of `command`, and lets `write` set further attributes if it is recorded.
    pub fn start_with(&self, command: &Command<'_>, write: impl FnOnce(&mut Recorder<'_>)) -> DatabaseSpan {
        let target = Target { name: self.target(), is_server: self.names_servers, system: self.system };
        command.with_name(target, |name| {
            self.start_named(command, name.into(), |span| {
                command.record(span, self.conventions);
                write(span);
            })
        })
    }

    /// Starts a span named `name` with the attributes of the client and those that `write` sets. The other parts of
    /// `command` are only measured: for wrappers that have prepared their attributes and names.
    #[doc(hidden)]
    #[inline]
    pub fn start_named(
        &self,
        command: &Command<'_>,
        name: SpanName<'_>,
        write: impl FnOnce(&mut Recorder<'_>),
    ) -> DatabaseSpan {
        let builder = self.tracer.span(name).with_kind(SpanKind::Client);
        let builder = match command.parent {
            Some(parent) => builder.with_parent(parent),
            None => builder,
        };
        let span = builder.start_with(|span| {
            self.record(span);
            write(span);
        });
        DatabaseSpan::new(
            span,
            self.conventions,
            #[cfg(feature = "database-metrics")]
            self.metrics
                .as_ref()
                .map(|metrics| Box::new(metrics.start(self.system, &self.endpoint, command))),
        )
    }
}
