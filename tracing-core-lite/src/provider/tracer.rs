//! Tracers, which start spans.

use std::borrow::Cow;

use opentelemetry::InstrumentationScope;

use super::tracer_provider::TracerProvider;
use crate::span::source::SpanSource;
use crate::span::{SpanBuilder, SpanName};

/// Starts the spans of one instrumentation scope. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Tracer {
    source: SpanSource,
    /// Keeps the provider from shutting down while this tracer exists.
    _provider: Option<TracerProvider>,
}

impl TracerProvider {
    /// Returns a tracer for the library or module `name`.
    #[must_use]
    pub fn tracer(&self, name: impl Into<Cow<'static, str>>) -> Tracer {
        self.tracer_with_scope(InstrumentationScope::builder(name).build())
    }

    /// Returns a tracer for `scope`.
    #[must_use]
    pub fn tracer_with_scope(&self, scope: InstrumentationScope) -> Tracer {
        Tracer { source: SpanSource::engine(self.engine(), &scope), _provider: Some(self.clone()) }
    }
}

impl Tracer {
    /// Returns a tracer of the provider that is [installed](TracerProvider::install) when a span starts.
    ///
    /// While none is installed, spans go to the provider that the user set for the OpenTelemetry API
    /// (`opentelemetry::global::set_tracer_provider`), so that layers work over an existing opentelemetry_sdk.
    #[must_use]
    pub fn global(scope: InstrumentationScope) -> Self {
        Self { source: SpanSource::installed(scope), _provider: None }
    }

    /// Like [`global`](Tracer::global), for a scope that only has a name.
    #[must_use]
    pub fn global_named(name: impl Into<Cow<'static, str>>) -> Self {
        Self::global(InstrumentationScope::builder(name).build())
    }

    /// Returns a builder for a span called `name`.
    #[inline]
    #[track_caller]
    pub fn span<'a>(&'a self, name: impl Into<SpanName<'a>>) -> SpanBuilder<'a> {
        SpanBuilder::new(&self.source, name.into())
    }

    #[cfg(any(feature = "tower", feature = "tracing-layer"))]
    #[inline]
    pub(crate) fn source(&self) -> &SpanSource {
        &self.source
    }
}
