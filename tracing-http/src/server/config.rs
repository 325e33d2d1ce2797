//! The settings of a server layer, shared by the clones of its service.

use std::sync::Arc;

use http::HeaderName;
use tracing_core_lite::propagation::boundary::InboundBoundary;

use super::route::RouteFinder;
use super::trusted_proxies::TrustedProxies;
use crate::config::Config;

/// All settings but the hooks.
#[derive(Debug, Clone, Default)]
pub(crate) struct ServerConfig {
    pub(crate) common: Config,
    pub(crate) proxies: Option<TrustedProxies>,
    pub(crate) scheme: Option<&'static str>,
    pub(crate) client_port: bool,
    pub(crate) parameterize: bool,
    pub(crate) route_finder: Option<RouteFinder>,
    pub(crate) trace_id_header: Option<HeaderName>,
    pub(crate) trace_response: bool,
    pub(crate) server_timing: bool,
    pub(crate) inbound: Option<Arc<InboundBoundary>>,
}

impl ServerConfig {
    /// Returns whether every response needs work, recorded or not.
    #[inline]
    pub(super) fn changes_responses(&self) -> bool {
        self.trace_id_header.is_some() || self.trace_response || self.server_timing
    }
}
