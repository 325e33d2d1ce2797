//! fastrace's layer, reporting through its OpenTelemetry reporter.

use super::{Service, router};
use crate::exporters::{self, Out};

pub fn service(out: &Out) -> Service {
    exporters::fastrace(out);
    Service {
        router: router().layer(fastrace_axum::FastraceLayer::default()),
        flush: Box::new(fastrace::flush),
    }
}
