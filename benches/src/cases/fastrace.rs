//! fastrace's layer, reporting through its OpenTelemetry reporter.

use std::borrow::Cow;

use fastrace_opentelemetry::OpenTelemetryReporter;
use opentelemetry::InstrumentationScope;
use opentelemetry_sdk::Resource;

use super::{Service, router};
use crate::exporters;

pub fn service() -> Service {
    let resource = Cow::Owned(Resource::builder().build());
    let scope = InstrumentationScope::builder("bench").build();
    let reporter = OpenTelemetryReporter::new(exporters::Sdk, resource, scope);
    fastrace::set_reporter(reporter, fastrace::collector::Config::default());
    Service { router: router().layer(fastrace_axum::FastraceLayer::default()), flush: Box::new(fastrace::flush) }
}
