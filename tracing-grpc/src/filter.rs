//! A filter for gRPC's own services.

use crate::head::RequestHead;

/// A [`Filter`](tracing_core_lite::tower::Filter) that excludes gRPC's own services for health checks and reflection.
///
/// ```
/// use tracing_grpc::skip_health_and_reflection;
/// # #[cfg(feature = "server")]
/// let layer = tracing_grpc::tonic::ServerLayer::new().with_filter(skip_health_and_reflection);
/// ```
#[must_use]
pub fn skip_health_and_reflection(request: &RequestHead<'_>) -> bool {
    let service = request.service().unwrap_or_default();
    service != "grpc.health.v1.Health" && !service.starts_with("grpc.reflection.v1")
}
