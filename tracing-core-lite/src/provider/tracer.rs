//! Tracers: where spans come from.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use opentelemetry::InstrumentationScope;

use super::installed::{Installed, with_installed};
use super::tracer_provider::TracerProvider;
use crate::span::engine::Engine;
use crate::span::{SpanBuilder, SpanName};

/// Starts spans of one instrumentation scope. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Tracer {
    source: Source,
}

#[derive(Debug, Clone)]
enum Source {
    Provider { provider: TracerProvider, scope: u32 },
    Global(Arc<GlobalScope>),
}

/// A scope whose engine is looked up with each span.
#[derive(Debug)]
struct GlobalScope {
    scope: InstrumentationScope,
    /// The scope's number in the engine that was asked last: the engine's id above, the number below.
    number: AtomicU64,
}

/// Who records the next span.
pub(crate) enum Resolved<'a> {
    Engine(&'a Arc<Engine>, u32),
    Global(&'a InstrumentationScope),
}

impl Tracer {
    pub(crate) fn of_provider(provider: TracerProvider, scope: &InstrumentationScope) -> Self {
        let scope = provider.engine().scope_number(scope);
        Self { source: Source::Provider { provider, scope } }
    }

    /// A tracer of the provider that is [installed](TracerProvider::install) when a span starts.
    ///
    /// While none is installed, spans go to the provider that the user set for the OpenTelemetry API
    /// (`opentelemetry::global::set_tracer_provider`), so that layers work over an existing opentelemetry_sdk.
    #[must_use]
    pub fn global(scope: InstrumentationScope) -> Self {
        Self { source: Source::Global(Arc::new(GlobalScope { scope, number: AtomicU64::new(0) })) }
    }

    /// As [`global`](Tracer::global), for a scope that has but a name.
    #[must_use]
    pub fn global_named(name: impl Into<Cow<'static, str>>) -> Self {
        Self::global(InstrumentationScope::builder(name).build())
    }

    /// A span that is about to start.
    #[inline]
    pub fn span<'a>(&'a self, name: impl Into<SpanName<'a>>) -> SpanBuilder<'a> {
        SpanBuilder::new(self, name.into())
    }

    #[inline]
    pub(crate) fn resolve<R>(&self, visit: impl FnOnce(Resolved<'_>) -> R) -> R {
        match &self.source {
            Source::Provider { provider, scope } => visit(Resolved::Engine(provider.engine(), *scope)),
            Source::Global(global) => with_installed(|installed| match installed {
                Some(Installed { engine, .. }) => visit(Resolved::Engine(engine, global.number_in(engine))),
                None => visit(Resolved::Global(&global.scope)),
            }),
        }
    }
}

impl GlobalScope {
    #[inline]
    fn number_in(&self, engine: &Engine) -> u32 {
        let packed = self.number.load(Ordering::Relaxed);
        // Ids start at 1, so 0 is nobody's. Two of one process differ in their low halves unless there are 2^32.
        if packed >> 32 == engine.id() & 0xffff_ffff {
            return packed as u32;
        }
        let number = engine.scope_number(&self.scope);
        self.number.store((engine.id() << 32) | u64::from(number), Ordering::Relaxed);
        number
    }
}
