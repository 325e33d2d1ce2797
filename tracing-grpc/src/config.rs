//! What a layer was told.

use tracing_core_lite::Tracer;
use tracing_core_lite::layer_support::CapturedHeaders;
use tracing_core_lite::propagation::Propagator;

use crate::ending::Side;
use crate::method::KnownMethods;
use crate::scope::scope;

/// Everything but the hooks; shared by all clones of the service.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) side: Side,
    pub(crate) tracer: Tracer,
    pub(crate) propagator: Propagator,
    pub(crate) known_methods: KnownMethods,
    pub(crate) request_metadata: CapturedHeaders,
    pub(crate) response_metadata: CapturedHeaders,
    /// Messages of each direction that become events, at most.
    pub(crate) messages: u32,
    pub(crate) status_messages: bool,
    /// Host and port, when somebody told them.
    pub(crate) server: Option<(String, Option<u16>)>,
    #[cfg(feature = "client")]
    pub(crate) writes_trace_bin: bool,
    #[cfg(feature = "metrics")]
    pub(crate) metrics: Option<crate::metrics::Metrics>,
}

impl Config {
    /// Whether calls are measured, recorded or not.
    #[inline]
    pub(crate) fn is_measured(&self) -> bool {
        #[cfg(feature = "metrics")]
        return self.metrics.is_some();
        #[cfg(not(feature = "metrics"))]
        return false;
    }

    pub(crate) fn new(side: Side) -> Self {
        Self {
            side,
            tracer: Tracer::global(scope()),
            propagator: Propagator::global(),
            known_methods: KnownMethods::default(),
            request_metadata: CapturedHeaders::default(),
            response_metadata: CapturedHeaders::default(),
            messages: 0,
            status_messages: false,
            server: None,
            #[cfg(feature = "client")]
            writes_trace_bin: false,
            #[cfg(feature = "metrics")]
            metrics: None,
        }
    }
}
