//! The layer for clients.

use std::sync::Arc;

use tonic::transport::Endpoint;
use tower_layer::Layer;
use tracing_core_lite::net::HostPort;

use super::service::ClientService;
use crate::callee::Callee;
use crate::config::Config;
use crate::ending::Side;
use crate::settings::settings;

/// Makes every call a span of kind client. See the [module's documentation](super).
#[derive(Debug, Clone)]
pub struct ClientLayer<F = (), Q = (), P = ()> {
    config: Arc<Config>,
    filter: F,
    on_request: Q,
    on_response: P,
}

impl Default for ClientLayer {
    fn default() -> Self {
        Self { config: Arc::new(Config::new(Side::Client)), filter: (), on_request: (), on_response: () }
    }
}

impl ClientLayer {
    /// A layer that records with the provider that is [installed](tracing_core_lite::TracerProvider::install), or with
    /// the one of the OpenTelemetry API.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

settings!(ClientLayer, "rpc.client.call.duration");

impl<F, Q, P> ClientLayer<F, Q, P> {
    /// Takes `server.address` and `server.port` from the URI of `endpoint`; an address in place of a name is the peer's
    /// address as well. A URI without a host, as for Unix sockets, changes nothing.
    #[must_use]
    pub fn endpoint(self, endpoint: &Endpoint) -> Self {
        match Callee::of_uri(endpoint.uri()).parse() {
            Some(HostPort { host, port }) => self.server_address(host, port),
            None => self,
        }
    }

    /// Says which server is called: `server.address`, which the conventions require, and `server.port`. By default they
    /// are those of the request's URI, which has none below a generated client without an origin.
    #[must_use]
    pub fn server_address(self, host: impl Into<String>, port: impl Into<Option<u16>>) -> Self {
        let server = (host.into(), port.into());
        self.set(|config| config.server = Some(server))
    }

    /// Sends `grpc-trace-bin` beside the metadata of the propagator, for servers that know only that; not sent by
    /// default. See [`GrpcTraceBin`](crate::GrpcTraceBin).
    #[must_use]
    pub fn write_grpc_trace_bin(self, write: bool) -> Self {
        self.set(|config| config.writes_trace_bin = write)
    }
}

impl<S, F: Clone, Q: Clone, P: Clone> Layer<S> for ClientLayer<F, Q, P> {
    type Service = ClientService<S, F, Q, P>;

    fn layer(&self, inner: S) -> Self::Service {
        ClientService {
            inner,
            config: Arc::clone(&self.config),
            filter: self.filter.clone(),
            on_request: self.on_request.clone(),
            on_response: self.on_response.clone(),
        }
    }
}
