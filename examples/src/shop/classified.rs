//! Work inside a service that gets a span of its own.

use tracing_core_lite::Tracer;
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::span::ClassifiedError;

/// Runs `work` in a span called `name`. An `Err` is recorded under its class.
pub(super) async fn traced<T, E: ClassifiedError>(
    tracer: &Tracer,
    name: &'static str,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    work.try_in_span_classified(tracer.span(name).start()).await
}
