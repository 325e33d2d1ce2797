//! A subscriber with the layer, for one test.

use tracing::subscriber::DefaultGuard;
use tracing_core_lite::TracerProviderBuilder;
use tracing_core_lite::subscriber::{self, SpanLayer};
use tracing_core_lite::testing::TestSpans;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Installs the layer on this thread, without the optional attributes.
pub(crate) fn plain() -> (TestSpans, DefaultGuard) {
    with(|layer| layer)
}

/// Installs the layer with further settings.
pub(crate) fn with(configure: impl FnOnce(SpanLayer) -> SpanLayer) -> (TestSpans, DefaultGuard) {
    sampled_by(|builder| builder, configure)
}

/// Installs the layer over a provider with further settings.
pub(crate) fn sampled_by(
    provider: impl FnOnce(TracerProviderBuilder) -> TracerProviderBuilder,
    configure: impl FnOnce(SpanLayer) -> SpanLayer,
) -> (TestSpans, DefaultGuard) {
    let spans = TestSpans::with(provider).expect("an export thread starts");
    let layer = configure(layer(&spans));
    let guard = tracing_subscriber::registry().with(layer).set_default();
    (spans, guard)
}

/// Returns the layer without the optional attributes.
pub(crate) fn layer(spans: &TestSpans) -> SpanLayer {
    subscriber::layer()
        .with_tracer(spans.tracer())
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
}

/// A span of another process.
pub(crate) fn remote(sampled: bool) -> tracing_core_lite::SpanContext {
    use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
    let flags = TraceFlags::default().with_sampled(sampled);
    SpanContext::new(TraceId::from(0xabc_u128), SpanId::from(0xdef_u64), flags, true, TraceState::NONE)
}

/// A context with such a span.
pub(crate) fn remote_context(sampled: bool) -> tracing_core_lite::Context {
    use opentelemetry::trace::TraceContextExt as _;
    tracing_core_lite::Context::new().with_remote_span_context(remote(sampled))
}
