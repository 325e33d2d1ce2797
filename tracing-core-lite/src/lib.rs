//! The core of a tracing suite: context, propagation, a span engine that encodes once, sampling, and export.
//!
//! ```
//! use std::time::Duration;
//! use tracing_core_lite::{TracerProvider, exporters::MemoryExporter};
//!
//! let exporter = MemoryExporter::new();
//! let provider = TracerProvider::builder().with_exporter(exporter.clone()).build()?;
//! let span = provider.tracer("shop").span("place order").start();
//! span.set("shop.order.items", 3);
//! span.end();
//! provider.flush(Duration::from_secs(5))?;
//! assert_eq!(exporter.finished()[0].span.name, "place order");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod box_pool;
mod buffer;
#[cfg(feature = "cache")]
pub mod cache;
pub mod cardinality;
mod clock;
pub mod context;
mod cost;
#[cfg(feature = "database")]
pub mod database;
mod diagnostics;
pub mod env;
pub mod error_class;
#[cfg(any(feature = "tower-metrics", feature = "database-metrics", feature = "messaging-metrics"))]
pub mod exemplars;
pub mod exporters;
mod fork;
pub mod grpc_status;
mod ids;
#[doc(hidden)]
pub mod layer_support;
pub mod lint;
#[cfg(feature = "log")]
pub mod log;
#[cfg(feature = "messaging")]
pub mod messaging;
pub mod naming;
pub mod net;
pub mod otel;
pub mod overhead;
mod percent;
pub mod pipeline;
pub mod propagation;
pub mod provider;
pub mod quality;
pub mod redact;
pub mod redaction;
#[cfg(feature = "rpc")]
pub mod rpc;
pub mod sampling;
#[cfg(feature = "self-metrics")]
pub mod self_metrics;
#[cfg(feature = "signal")]
mod signal;
pub mod span;
mod stack_text;
#[cfg(feature = "tracing-layer")]
pub mod subscriber;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "tower")]
pub mod tower;
mod unwind;
mod wire;

pub use context::Context;
/// The version of the `opentelemetry` crate that this crate is built for. Use it through this path: another version in the
/// same build has its own globals and context.
pub use opentelemetry;
pub use opentelemetry::InstrumentationScope;
pub use opentelemetry::trace::{SpanContext, SpanKind, Status};
pub use provider::{
    BuildError, FlushError, Guard, Init, InitError, Resource, ResourceBuilder, Tracer, TracerProvider,
    TracerProviderBuilder, init,
};
#[cfg(feature = "signal")]
pub use signal::termination;
pub use span::{Recorder, Span, Value};

/// The examples of the README, so that they compile.
#[cfg(all(
    doctest,
    feature = "otlp-http",
    feature = "otlp-grpc",
    feature = "otlp-json",
    feature = "disk-queue",
    feature = "redaction"
))]
#[doc = include_str!("../README.md")]
struct Readme;
