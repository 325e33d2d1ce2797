//! The layer for servers.

use std::sync::Arc;

use tower_layer::Layer;

use super::service::ServerService;
use crate::config::Config;
use crate::ending::Side;
use crate::settings::settings;

/// Makes every call a span of kind server. See the [module's documentation](super).
#[derive(Debug, Clone)]
pub struct ServerLayer<F = (), Q = (), P = ()> {
    config: Arc<Config>,
    filter: F,
    on_request: Q,
    on_response: P,
}

impl Default for ServerLayer {
    fn default() -> Self {
        Self { config: Arc::new(Config::new(Side::Server)), filter: (), on_request: (), on_response: () }
    }
}

impl ServerLayer {
    /// A layer that records with the provider that is [installed](tracing_core_lite::TracerProvider::install), or with
    /// the one of the OpenTelemetry API.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

settings!(ServerLayer, "rpc.server.call.duration");

impl<F, Q, P> ServerLayer<F, Q, P> {
    /// Says under which address clients know this server: `server.address` and `server.port`. By default they are those
    /// that each call names in `:authority`.
    #[must_use]
    pub fn server_address(self, host: impl Into<String>, port: impl Into<Option<u16>>) -> Self {
        let server = (host.into(), port.into());
        self.set(|config| config.server = Some(server))
    }
}

impl<S, F: Clone, Q: Clone, P: Clone> Layer<S> for ServerLayer<F, Q, P> {
    type Service = ServerService<S, F, Q, P>;

    fn layer(&self, inner: S) -> Self::Service {
        ServerService {
            inner,
            config: Arc::clone(&self.config),
            filter: self.filter.clone(),
            on_request: self.on_request.clone(),
            on_response: self.on_response.clone(),
        }
    }
}
