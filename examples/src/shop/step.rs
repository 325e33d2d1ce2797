//! Spans around parts of a service's own work.

use std::error::Error;

use tracing_core_lite::context::FutureExt;
use tracing_core_lite::{Context, Tracer};

/// Runs `work` under the span `name`, which fails when `work` does.
///
/// Inside, [`current_span`](tracing_core_lite::span::current_span) is that span.
///
/// # Errors
/// Those of `work`.
pub async fn step<T, E: Error>(
    tracer: &Tracer,
    name: &str,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let span = tracer.span(name).start();
    let outcome = work.in_context(span.in_context(&Context::current())).await;
    if let Err(error) = &outcome {
        span.failure(error);
    }
    outcome
}
