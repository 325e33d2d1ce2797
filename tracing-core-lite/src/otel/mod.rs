//! The two ways to work with OpenTelemetry.
//!
//! **Record the spans of the API.** [`TracerProvider`] implements the OpenTelemetry API, so it records spans of
//! that API, and those of `tracing` through `tracing-opentelemetry`:
//!
//! ```
//! use tracing_core_lite::opentelemetry::{global, trace::{Span as _, Tracer as _}};
//!
//! # let provider = tracing_core_lite::TracerProvider::builder().build()?;
//! global::set_tracer_provider(provider.clone());
//! let mut span = global::tracer("billing").start("charge");
//! assert!(span.is_recording());
//! span.end();
//! // and: tracing_opentelemetry::layer().with_tracer(provider.tracer("app")).with_filter(LevelFilter::INFO)
//! # Ok::<(), tracing_core_lite::BuildError>(())
//! ```
//!
//! **Record into another SDK.** While no provider is [installed](TracerProvider::install),
//! [global](crate::Tracer::global) tracers and the layers record through the global provider of the
//! OpenTelemetry API.
//!
//! Both need one version of the `opentelemetry` crate in the build. It is re-exported as
//! [`crate::opentelemetry`]. Two versions in one build have separate globals.

#[cfg(feature = "sdk-exporter")]
mod sdk_exporter;

#[cfg(feature = "sdk-exporter")]
pub use sdk_exporter::SdkExporter;

use opentelemetry::trace::{SpanBuilder as OtelSpanBuilder, SpanKind};
use opentelemetry::{Context, InstrumentationScope};

use crate::provider::{Tracer, TracerProvider};
use crate::span::Span;

/// Sets whether the sampler of the global OpenTelemetry provider is given attributes when a span starts. The default is true.
///
/// While no provider of this suite is installed, layers and wrappers record through the global provider. Its sampler is then
/// given the attributes that the semantic conventions list for sampling, and the others are built once the span is
/// recorded. With `false`, all are built once the span is recorded, which makes unsampled spans cheaper. The samplers of
/// opentelemetry_sdk read no attributes.
///
/// With `false`, spans whose parent is unsampled also keep using the provider that was global at one of the last 64 of them. All
/// other spans use the one that is global when they start.
///
/// ```
/// tracing_core_lite::otel::set_sampler_reads_attributes(false);
/// ```
pub fn set_sampler_reads_attributes(reads: bool) {
    crate::span::foreign_start::set_sampler_reads_attributes(reads);
}

impl opentelemetry::trace::TracerProvider for TracerProvider {
    type Tracer = Tracer;

    fn tracer_with_scope(&self, scope: InstrumentationScope) -> Tracer {
        TracerProvider::tracer_with_scope(self, scope)
    }
}

impl opentelemetry::trace::Tracer for Tracer {
    type Span = Span;

    fn build_with_context(&self, builder: OtelSpanBuilder, parent: &Context) -> Span {
        let mut ours = self.span(&builder.name).with_parent(parent);
        ours = ours.with_kind(builder.span_kind.unwrap_or(SpanKind::Internal));
        if let Some(time) = builder.start_time {
            ours = ours.with_start_time(time);
        }
        if let Some(attributes) = &builder.attributes {
            ours = ours.with_request(attributes);
        }
        ours.start_with(|span| {
            span.set_otel(builder.attributes.iter().flatten());
            for event in builder.events.into_iter().flatten() {
                span.event_otel(&event.name, event.timestamp, &event.attributes);
            }
            for link in builder.links.into_iter().flatten() {
                span.link_otel(&link.span_context, &link.attributes);
            }
        })
    }
}
