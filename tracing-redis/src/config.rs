//! The settings of a connection, which all its clones share.

use tracing_core_lite::layer_support::StackText;
use tracing_core_lite::{InstrumentationScope, Recorder, Tracer};

#[cfg(feature = "metrics")]
use crate::record::Metrics;
use crate::record::attribute::{NAMESPACE, OPERATION, REDIS, SYSTEM};
use crate::record::{CommandText, Server, namespace};

/// The longest name of a span, in bytes. A longer one is cut.
const MAX_NAME: usize = 128;

/// The settings of a connection, which all its clones share.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) tracer: Tracer,
    pub(crate) command_text: CommandText,
    pub(crate) server: Option<Server>,
    #[cfg(feature = "metrics")]
    pub(crate) metrics: Option<Metrics>,
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
    /// Returns the name of a span: `{db.operation.name} {server.address}:{server.port}`, as far as they are known (semantic
    /// conventions v1.44.0, database spans, section "Name"; those for redis leave the namespace out).
    pub(crate) fn span_name(&self, operation: &str) -> StackText<MAX_NAME> {
        let mut name = StackText::new();
        name.push(operation);
        if let Some(server) = &self.server {
            name.push(" ").push(server.target());
        }
        name
    }

    /// Sets the attributes that every span has.
    pub(crate) fn record(&self, span: &mut Recorder<'_>, operation: &str, database: i64) {
        span.set(SYSTEM, REDIS).set(OPERATION, operation).set(NAMESPACE, namespace(database).as_str());
        if let Some(server) = &self.server {
            server.record(span);
        }
    }
}

/// Returns the instrumentation scope of all spans and metrics of this crate.
pub(crate) fn scope() -> InstrumentationScope {
    InstrumentationScope::builder("tracing-redis")
        .with_version(env!("CARGO_PKG_VERSION"))
        .with_schema_url("https://opentelemetry.io/schemas/1.44.0")
        .build()
}
