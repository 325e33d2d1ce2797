//! Work inside of a service that deserves a span of its own.

use std::error::Error;

use tracing_core_lite::context::FutureExt;
use tracing_core_lite::{Context, Tracer};

/// An error that knows which of few classes it belongs to, such as `card_declined`: that is what `error.type` is for.
///
/// [`try_in_span`](FutureExt::try_in_span) needs no such trait, and takes the error's Rust type instead.
pub trait Classified: Error {
    /// The class.
    fn class(&self) -> &str;
}

/// Runs `work` in a span of this name, which an `Err` makes a failed one.
pub(super) async fn work<T, E: Classified>(
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
