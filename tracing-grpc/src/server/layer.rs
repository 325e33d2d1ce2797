//! The layer for servers.

use std::marker::PhantomData;
use std::sync::Arc;

use tower_layer::Layer;
use tracing_core_lite::propagation::boundary::InboundBoundary;
use tracing_core_lite::tower::{AnyBody, Hooks};

use super::service::ServerService;
use crate::config::Config;
use crate::read_ahead::ReadAhead;
use crate::record::Side;
use crate::settings::settings;
use crate::tonic_body::TonicBody;

/// A layer that makes every call a span of kind server, for any tower service. See the [module's documentation](super).
///
/// For a server of tonic, use [`tonic::ServerLayer`](crate::tonic::ServerLayer).
pub type ServerLayer<F = (), Q = (), P = ()> = ServerLayerFor<AnyBody, F, Q, P>;

/// A server layer whose responses have bodies as `W` says; used through [`ServerLayer`] and its namesakes.
#[derive(Debug, Clone)]
pub struct ServerLayerFor<W, F = (), Q = (), P = ()> {
    config: Arc<Config>,
    hooks: Hooks<F, Q, P>,
    response_body: PhantomData<fn() -> W>,
}

impl<W> Default for ServerLayerFor<W> {
    fn default() -> Self {
        let config = Arc::new(Config::new(Side::Server));
        Self { config, hooks: Hooks::default(), response_body: PhantomData }
    }
}

impl<W> ServerLayerFor<W> {
    /// Creates a layer that records with the [installed](tracing_core_lite::TracerProvider::install) provider, or with
    /// that of the OpenTelemetry API while none is installed.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

settings!(ServerLayerFor, "rpc.server.call.duration", W);

impl<W, F, Q, P> ServerLayerFor<W, F, Q, P> {
    /// Sets which senders are trusted; all by default. See [`boundary`](tracing_core_lite::propagation::boundary).
    ///
    /// Rules about peers use the address of the connection, which tonic's server knows. The host is that of `:authority`.
    #[must_use]
    pub fn with_inbound_boundary(self, boundary: InboundBoundary) -> Self {
        self.set(|config| config.inbound = Some(Arc::new(boundary)))
    }

    fn with_hooks<G, H, R>(
        self,
        change: impl FnOnce(Hooks<F, Q, P>) -> Hooks<G, H, R>,
    ) -> ServerLayerFor<W, G, H, R> {
        ServerLayerFor { config: self.config, hooks: change(self.hooks), response_body: PhantomData }
    }

    /// Sets the address under which clients know this server: `server.address` and `server.port`. By default they are
    /// those of each call's `:authority`.
    #[must_use]
    pub fn with_server_address(self, host: impl Into<String>, port: impl Into<Option<u16>>) -> Self {
        let server = (host.into(), port.into());
        self.set(|config| config.server = Some(server))
    }
}

impl<F, Q, P> ServerLayerFor<TonicBody, F, Q, P> {
    /// Reads up to two frames of each response together with its head, which makes unsampled calls cheaper. Not done by
    /// default.
    ///
    /// The frames that are ready when the service answers are read in the context of the span, before
    /// [`OnResponse`](tracing_core_lite::tower::OnResponse) is called. After a frame of 32 KiB or more, no second one is
    /// read.
    /// - A unary call with a smaller message is then complete. Its span ends before the message is sent, and the service's
    ///   body is dropped with everything it holds, such as a permit.
    /// - The first messages of a stream are produced before the client is known to be ready for them. tonic itself does
    ///   so with all messages that are ready and fit into one frame.
    /// - A panic while these frames are produced occurs in the service's future instead of in the body, so a layer around
    ///   this one that catches panics of futures sees it.
    ///
    /// Bodies that a layer between this one and the service has wrapped are read ahead too, unless they know their size.
    ///
    /// ```
    /// use tonic::transport::Server;
    /// use tracing_grpc::tonic::ServerLayer;
    ///
    /// let server = Server::builder().layer(ServerLayer::new().with_read_ahead());
    /// # drop(server);
    /// ```
    #[must_use]
    pub fn with_read_ahead(self) -> ServerLayerFor<ReadAhead, F, Q, P> {
        ServerLayerFor { config: self.config, hooks: self.hooks, response_body: PhantomData }
    }
}

impl<S, W, F: Clone, Q: Clone, P: Clone> Layer<S> for ServerLayerFor<W, F, Q, P> {
    type Service = ServerService<S, W, F, Q, P>;

    fn layer(&self, inner: S) -> Self::Service {
        ServerService {
            inner,
            config: Arc::clone(&self.config),
            hooks: self.hooks.clone(),
            response_body: PhantomData,
        }
    }
}
