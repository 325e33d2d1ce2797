//! Which calls get a span.

use crate::head::RequestHead;

/// Says whether a call gets a span. Implemented for `()`, which says yes, and for closures.
///
/// A call that gets none is not measured either; the caller's context still goes along, so that what comes of the call
/// stays in the caller's trace.
pub trait Filter {
    /// Whether `request` gets a span.
    fn is_traced(&self, request: &RequestHead<'_>) -> bool;
}

impl Filter for () {
    #[inline]
    fn is_traced(&self, _request: &RequestHead<'_>) -> bool {
        true
    }
}

impl<F: Fn(&RequestHead<'_>) -> bool> Filter for F {
    #[inline]
    fn is_traced(&self, request: &RequestHead<'_>) -> bool {
        self(request)
    }
}

/// A [`Filter`] that leaves out gRPC's own services for health checks and reflection.
///
/// ```
/// use tracing_grpc::skip_health_and_reflection;
/// # #[cfg(feature = "server")]
/// let layer = tracing_grpc::server::ServerLayer::new().filter(skip_health_and_reflection);
/// ```
#[must_use]
pub fn skip_health_and_reflection(request: &RequestHead<'_>) -> bool {
    let service = request.service().unwrap_or_default();
    service != "grpc.health.v1.Health" && !service.starts_with("grpc.reflection.v1")
}
