//! The layer of this suite, with its own engine and over opentelemetry_sdk.

use std::time::Duration;

use tracing_core_lite::TracerProvider;
use tracing_http::{axum, server};

use super::{Service, router};
use crate::exporters::{self, Out};

pub fn own_engine(out: &Out) -> Service {
    let provider = exporters::ours(out);
    let router = router().layer(axum::ServerLayer::new().with_provider(&provider));
    Service { router, flush: flush(provider) }
}

/// The layer with default settings, whose body axum boxes again.
pub fn as_by_default(out: &Out) -> Service {
    let provider = exporters::ours(out);
    let router = router().layer(server::ServerLayer::new().with_provider(&provider));
    Service { router, flush: flush(provider) }
}

pub fn flush(provider: TracerProvider) -> Box<dyn Fn()> {
    Box::new(move || provider.flush(Duration::from_secs(30)).expect("nothing stands in the way"))
}

/// No provider of ours is installed, so the layer records through OpenTelemetry's global one.
pub fn over_sdk(out: &Out) -> Service {
    let provider = exporters::sdk(out);
    opentelemetry::global::set_tracer_provider(provider.clone());
    let router = router().layer(axum::ServerLayer::new());
    Service { router, flush: super::sdk::flush(provider) }
}
