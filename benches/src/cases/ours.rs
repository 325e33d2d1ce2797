//! The layer of this suite, with its own engine and over opentelemetry_sdk.

use std::time::Duration;

use tracing_core_lite::TracerProvider;
use tracing_http::server::ServerLayer;

use super::{Service, router};
use crate::exporters;

pub fn own_engine() -> Service {
    let provider = TracerProvider::builder().exporter(exporters::Ours).build().expect("an export thread");
    let router = router().layer(ServerLayer::new().with_provider(&provider).keep_axum_body());
    Service {
        router,
        flush: Box::new(move || provider.flush(Duration::from_secs(10)).expect("nothing stands in the way")),
    }
}

/// No provider of ours is installed, so the layer records through OpenTelemetry's global one.
pub fn over_sdk() -> Service {
    let provider = super::sdk::provider();
    opentelemetry::global::set_tracer_provider(provider.clone());
    let router = router().layer(ServerLayer::new().keep_axum_body());
    Service { router, flush: super::sdk::flush(provider) }
}
