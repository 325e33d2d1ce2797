//! gRPC between services: tonic clients and servers below the layers of `tracing-grpc`.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use http::Request;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic::transport::{Channel, Endpoint};
use tower::{BoxError, Layer, Service};
use tracing_core_lite::TracerProvider;
use tracing_grpc::client::{ClientLayer, ClientService};
use tracing_grpc::server::ServerLayer;

use crate::shop::healthz;

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The channel of a generated client. Every call is a client span.
pub(in crate::shop) type GrpcChannel = ClientService<Channel>;

/// Returns a channel to `url` that connects on the first call.
pub(in crate::shop) fn channel(url: String, provider: &TracerProvider) -> Result<GrpcChannel, BoxError> {
    let endpoint = Endpoint::from_shared(url)?.connect_timeout(CONNECT_TIMEOUT);
    Ok(ClientLayer::new().with_provider(provider).with_endpoint(&endpoint).layer(endpoint.connect_lazy()))
}

/// Returns a router for a gRPC service, in which every call is a server span, and for `GET /healthz` on the same port.
pub(in crate::shop) fn router<S>(service: S, provider: &TracerProvider) -> Router
where
    S: Service<Request<Body>, Error = Infallible> + NamedService + Clone + Send + Sync + 'static,
    S::Response: IntoResponse,
    S::Future: Send + 'static,
{
    Routes::new(service)
        .into_axum_router()
        .layer(ServerLayer::new().with_provider(provider))
        .route("/healthz", get(healthz))
}
