//! Work inside a service that gets a span of its own, and the class of its error.

use std::error::Error;

use tracing_core_lite::context::FutureExt;
use tracing_core_lite::{Context, Tracer};

/// An error with a class, such as `card_declined`, that becomes the `error.type` of its span.
///
/// The number of classes is small, so that `error.type` can be grouped by.
/// [`try_in_span`](FutureExt::try_in_span) needs no such trait: it uses the name of the error's type.
pub trait Classified: Error {
    /// Returns the class.
    fn class(&self) -> &str;
}

/// Runs `work` in a span called `name`. An `Err` marks the span as failed.
pub(super) async fn traced<T, E: Classified>(
    tracer: &Tracer,
    name: &'static str,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let span = tracer.span(name).start();
    let context = Context::map_current(|current| span.in_context(current));
    let outcome = work.in_context(context).await;
    if let Err(error) = &outcome {
        span.record_error_as(error.class(), error);
    }
    outcome
}
