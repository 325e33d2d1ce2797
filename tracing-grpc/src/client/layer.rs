//! The layer for clients.

use std::sync::Arc;

use tonic::transport::Endpoint;
use tower_layer::Layer;
use tracing_core_lite::net::HostPort;
use tracing_core_lite::propagation::boundary::OutboundBoundary;
use tracing_core_lite::tower::Hooks;

use super::service::ClientService;
use crate::config::Config;
use crate::record::Side;
use crate::record::callee::Callee;
use crate::settings::settings;

/// A layer that makes every call a span of kind client. See the [module's documentation](super).
#[derive(Debug, Clone)]
pub struct ClientLayer<F = (), Q = (), P = ()> {
    config: Arc<Config>,
    hooks: Hooks<F, Q, P>,
}

impl Default for ClientLayer {
    fn default() -> Self {
        Self { config: Arc::new(Config::new(Side::Client)), hooks: Hooks::default() }
    }
}

impl ClientLayer {
    /// Creates a layer that records with the [installed](tracing_core_lite::TracerProvider::install) provider, or with
    /// that of the OpenTelemetry API while none is installed.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

settings!(ClientLayer, "rpc.client.call.duration");

impl<F, Q, P> ClientLayer<F, Q, P> {
    fn with_hooks<G, H, R>(
        self,
        change: impl FnOnce(Hooks<F, Q, P>) -> Hooks<G, H, R>,
    ) -> ClientLayer<G, H, R> {
        ClientLayer { config: self.config, hooks: change(self.hooks) }
    }

    /// Takes `server.address` and `server.port` from the URI of `endpoint`. If its host is an IP address, that is the
    /// peer's address too. A URI without a host, as for Unix sockets, changes nothing.
    #[must_use]
    pub fn with_endpoint(self, endpoint: &Endpoint) -> Self {
        match Callee::of_uri(endpoint.uri()).parse() {
            Some(HostPort { host, port, .. }) => self.with_server_address(host, port),
            None => self,
        }
    }

    /// Sets the server that is called: `server.address`, which the conventions require, and `server.port`. By default they
    /// are those of the request's URI, which has none below a generated client without an origin.
    #[must_use]
    pub fn with_server_address(self, host: impl Into<String>, port: impl Into<Option<u16>>) -> Self {
        let server = (host.into(), port.into());
        self.set(|config| config.server = Some(server))
    }

    /// Sets what calls carry, by the host that is called; everything by default. The host is that of
    /// [`with_endpoint`](Self::with_endpoint) or of the request's URI. See
    /// [`boundary`](tracing_core_lite::propagation::boundary).
    #[must_use]
    pub fn with_outbound_boundary(self, boundary: OutboundBoundary) -> Self {
        self.set(|config| config.outbound = Some(Arc::new(boundary)))
    }

    /// Sets whether to send `grpc-trace-bin` in addition to the headers of the propagator, for servers that know only that;
    /// `false` by default. See [`GrpcTraceBin`](crate::GrpcTraceBin).
    #[must_use]
    pub fn with_grpc_trace_bin(self, write: bool) -> Self {
        self.set(|config| config.writes_trace_bin = write)
    }
}

impl<S, F: Clone, Q: Clone, P: Clone> Layer<S> for ClientLayer<F, Q, P> {
    type Service = ClientService<S, F, Q, P>;

    fn layer(&self, inner: S) -> Self::Service {
        ClientService { inner, config: Arc::clone(&self.config), hooks: self.hooks.clone() }
    }
}
