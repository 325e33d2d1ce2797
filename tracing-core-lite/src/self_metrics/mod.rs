//! Metrics of the pipeline and of the overhead of tracing.
//!
//! [`TracerProviderBuilder::with_self_metrics`](crate::TracerProviderBuilder::with_self_metrics) turns them on. Most are read
//! from the statistics of the provider when metrics are collected, and cost nothing in between.
//!
//! | metric | instrument | unit | attributes |
//! |---|---|---|---|
//! | `otel.sdk.span.started` | counter | `{span}` | `otel.span.sampling_result`, `otel.span.parent.origin` |
//! | `otel.sdk.span.live` | up-down counter | `{span}` | `otel.span.sampling_result` |
//! | `otel.sdk.processor.span.queue.size`, `otel.sdk.processor.span.queue.capacity` | up-down counter | `{span}` | those of the component |
//! | `otel.sdk.processor.span.processed` | counter | `{span}` | those of the component, `error.type`: `queue_full`, `already_shutdown`, `after_fork` |
//! | `otel.sdk.exporter.span.inflight` | up-down counter | `{span}` | those of the component, `server.address`, `server.port` |
//! | `otel.sdk.exporter.span.exported` | counter | `{span}` | the same, and `error.type`: `rejected`, the status of the response, or a class of [`error_class`](crate::error_class) |
//! | `otel.sdk.exporter.operation.duration` | histogram | `s` | the same, and `http.response.status_code` or `rpc.response.status_code` |
//! | `span_creation_duration_seconds` | histogram | `s` | |
//! | `span_export_duration_seconds` | histogram | `s` | |
//! | `span_buffer_size` | gauge | `{span}` | |
//! | `span_export_errors_total` | counter | `{error}` | |
//! | `instrumentation_cpu_usage_percent` | gauge | `%` | |
//!
//! - The attributes of a component are `otel.component.type` and `otel.component.name`. With several exporters, each has its
//!   own counts.
//! - One start of a span in 256 is timed for `span_creation_duration_seconds`, on average.
//! - The size of the queue and `span_buffer_size` include the spans that the threads still hold. `span_buffer_size` also
//!   includes those that are being exported.
//! - `span_export_errors_total` counts attempts that failed, repeated ones included.
//! - `instrumentation_cpu_usage_percent` is a share of the CPUs that the process may use.
//! - An exporter that accepts batches before it has sent them, such as a disk queue, has no durations.
//!
//! Source: semantic conventions v1.44.0, "SDK metrics".

mod component;
mod exporter;
mod overhead;
mod processor;
mod spans;

use std::sync::{Arc, Weak};

use opentelemetry::metrics::Meter;

use self::component::Component;
use crate::overhead::Monitor;
use crate::pipeline::queue::Queue;
use crate::span::engine::Engine;

/// What the metrics are read from. Instruments live as long as their meter provider, and must not keep it.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) engine: Arc<Engine>,
    pub(crate) queue: Arc<Queue>,
    pub(crate) monitor: Arc<Monitor>,
    /// The exporter, if there is one.
    pub(crate) exporter: ExporterIdentity,
}

/// What is known about the exporter of a provider.
#[derive(Debug, Clone)]
pub(crate) struct ExporterIdentity {
    pub(crate) component_type: &'static str,
    pub(crate) destination: Option<String>,
}

/// Creates the instruments.
pub(crate) fn register(meter: &Meter, source: &Arc<Source>) {
    let weak = Arc::downgrade(source);
    spans::register(meter, &weak);
    processor::register(meter, &weak);
    overhead::register(meter, source);
    let parts = source.queue.stats().parts();
    if parts.is_empty() {
        let identity = &source.exporter;
        let component = Component::of_exporter(identity.component_type, 0, identity.destination.as_deref());
        let own = exporter::Exporting::new(component, &weak, None);
        exporter::register(meter, &source.queue.shared_stats(), vec![own]);
    } else {
        let components = Component::of_parts(parts);
        let exporting = |(index, component)| exporter::Exporting::new(component, &weak, Some(index));
        let all = components.into_iter().enumerate().map(exporting).collect();
        exporter::register(meter, &source.queue.shared_stats(), all);
    }
}

/// Calls `read` if the provider is still there.
fn with_source(source: &Weak<Source>, read: impl FnOnce(&Source)) {
    if let Some(source) = source.upgrade() {
        read(&source);
    }
}
