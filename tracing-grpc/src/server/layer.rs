//! The layer for servers.

use std::marker::PhantomData;
use std::sync::Arc;

use tower_layer::Layer;

use super::service::ServerService;
use crate::config::Config;
use crate::ending::Side;
use crate::response_body::{TonicBody, Wrapped};
use crate::settings::settings;

/// Makes every call a span of kind server. See the [module's documentation](super).
#[derive(Debug, Clone)]
pub struct ServerLayer<F = (), Q = (), P = (), W = Wrapped> {
    config: Arc<Config>,
    filter: F,
    on_request: Q,
    on_response: P,
    response_body: PhantomData<fn() -> W>,
}

impl Default for ServerLayer {
    fn default() -> Self {
        let config = Arc::new(Config::new(Side::Server));
        Self { config, filter: (), on_request: (), on_response: (), response_body: PhantomData }
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

settings!(ServerLayer, "rpc.server.call.duration", W: response_body);

impl<F, Q, P, W> ServerLayer<F, Q, P, W> {
    /// Says under which address clients know this server: `server.address` and `server.port`. By default they are those
    /// that each call names in `:authority`.
    #[must_use]
    pub fn server_address(self, host: impl Into<String>, port: impl Into<Option<u16>>) -> Self {
        let server = (host.into(), port.into());
        self.set(|config| config.server = Some(server))
    }
}

impl<F, Q, P> ServerLayer<F, Q, P> {
    /// Makes responses keep tonic's type of body: for layers outside of this one that want that type, such as `tonic_web`'s, and
    /// because an unsampled call takes less time. The service's responses have to have it too, as those of generated code and of
    /// [`Server::layer`](tonic::transport::Server::layer) do.
    ///
    /// Up to two frames of the body that are there when the service answers are taken along with the answer, in the context of the span,
    /// and before [`on_response`](ServerLayer::on_response) is called; after a frame of 32 KiB or more, no second one is.
    /// - Of a unary call with a smaller message that is all: its span ends right then, and not when the message is sent. The body that
    ///   the service answered with, and what it holds, such as a permit, is dropped right then, too.
    /// - Of a stream, the first messages are made before the client is known to be ready for them. tonic itself does so with all messages
    ///   that are ready and fit in one frame.
    /// - What panics in there, panics in the service's future and no longer in the body: a layer around this one that catches the
    ///   panics of futures sees it.
    ///
    /// A body that a layer between this one and the service has wrapped is treated alike. One that knows its size is left alone.
    ///
    /// ```
    /// use tonic::transport::Server;
    /// use tracing_grpc::server::ServerLayer;
    ///
    /// let server = Server::builder().layer(ServerLayer::new().keep_tonic_body());
    /// # drop(server);
    /// ```
    #[must_use]
    pub fn keep_tonic_body(self) -> ServerLayer<F, Q, P, TonicBody> {
        let Self { config, filter, on_request, on_response, .. } = self;
        ServerLayer { config, filter, on_request, on_response, response_body: PhantomData }
    }
}

impl<S, F: Clone, Q: Clone, P: Clone, W> Layer<S> for ServerLayer<F, Q, P, W> {
    type Service = ServerService<S, F, Q, P, W>;

    fn layer(&self, inner: S) -> Self::Service {
        ServerService {
            inner,
            config: Arc::clone(&self.config),
            filter: self.filter.clone(),
            on_request: self.on_request.clone(),
            on_response: self.on_response.clone(),
            response_body: PhantomData,
        }
    }
}
