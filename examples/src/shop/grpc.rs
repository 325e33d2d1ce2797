//! gRPC between the shop's services: tonic below the layers of `tracing-grpc`.

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

use super::healthz;

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// What a generated client calls through: every call is a client span.
pub(super) type GrpcChannel = ClientService<Channel>;

/// A channel to `url`, which connects with the first call.
pub(super) fn channel(url: String, provider: &TracerProvider) -> Result<GrpcChannel, BoxError> {
    let endpoint = Endpoint::from_shared(url)?.connect_timeout(CONNECT_TIMEOUT);
    Ok(ClientLayer::new().with_provider(provider).endpoint(&endpoint).layer(endpoint.connect_lazy()))
}

/// A gRPC service whose every call is a server span, and `GET /healthz` beside it: one port for both.
pub(super) fn router<S>(service: S, provider: &TracerProvider) -> Router
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
