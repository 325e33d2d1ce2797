//! The settings of a layer, shared by the clones of its service.

#[cfg(any(feature = "client", feature = "server"))]
use std::sync::Arc;

use tracing_core_lite::TracerProvider;
use tracing_core_lite::layer_support::CapturedHeaders;
#[cfg(feature = "server")]
use tracing_core_lite::propagation::boundary::InboundBoundary;
#[cfg(feature = "client")]
use tracing_core_lite::propagation::boundary::OutboundBoundary;
use tracing_core_lite::tower::Source;

use crate::record::Side;
use crate::record::kept_names::LayerNumber;
use crate::record::method::KnownMethods;
use crate::scope::scope;

/// All settings but the hooks.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) side: Side,
    pub(crate) layer: LayerNumber,
    pub(crate) source: Source,
    pub(crate) known_methods: KnownMethods,
    pub(crate) request_metadata: CapturedHeaders,
    pub(crate) response_metadata: CapturedHeaders,
    /// The most messages of each direction that become events.
    pub(crate) messages: u32,
    pub(crate) status_messages: bool,
    /// Host and port, if they are configured.
    pub(crate) server: Option<(String, Option<u16>)>,
    #[cfg(feature = "server")]
    pub(crate) inbound: Option<Arc<InboundBoundary>>,
    #[cfg(feature = "client")]
    pub(crate) outbound: Option<Arc<OutboundBoundary>>,
    #[cfg(feature = "client")]
    pub(crate) writes_trace_bin: bool,
    #[cfg(feature = "metrics")]
    pub(crate) metrics: Option<tracing_core_lite::tower::CallMetrics>,
}

impl Config {
    pub(crate) fn new(side: Side) -> Self {
        Self {
            side,
            layer: LayerNumber::next(),
            source: Source::installed(scope()),
            known_methods: KnownMethods::default(),
            request_metadata: CapturedHeaders::default(),
            response_metadata: CapturedHeaders::default(),
            messages: 0,
            status_messages: false,
            server: None,
            #[cfg(feature = "server")]
            inbound: None,
            #[cfg(feature = "client")]
            outbound: None,
            #[cfg(feature = "client")]
            writes_trace_bin: false,
            #[cfg(feature = "metrics")]
            metrics: None,
        }
    }

    /// Returns whether calls are measured, recorded or not.
    #[inline]
    pub(crate) fn is_measured(&self) -> bool {
        #[cfg(feature = "metrics")]
        return self.metrics.is_some();
        #[cfg(not(feature = "metrics"))]
        return false;
    }

    pub(crate) fn set_provider(&mut self, provider: &TracerProvider) {
        self.source = Source::of_provider(provider, scope());
    }
}
