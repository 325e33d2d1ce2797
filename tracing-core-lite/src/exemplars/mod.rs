//! Exemplars: the trace behind a measurement.
//!
//! An exemplar links a point of a histogram to the trace of a request that it counts, so that a slow bucket of a dashboard leads to
//! a slow trace. The histograms of the layers and wrappers (features `tower-metrics`, `database-metrics`, `messaging-metrics`) go
//! through the OpenTelemetry metrics API, which passes no span context on, and opentelemetry_sdk 0.33 exports an empty list of
//! exemplars for every point. A [hook](set_exemplar_hook) receives each measurement together with the context of its span, so that
//! it can pass both to a metrics library that supports exemplars, such as `prometheus-client`:
//!
//! ```
//! use std::sync::Mutex;
//!
//! use opentelemetry::trace::TraceId;
//! use tracing_core_lite::exemplars::{Exemplar, set_exemplar_hook};
//!
//! static SLOWEST: Mutex<Option<(f64, TraceId)>> = Mutex::new(None);
//!
//! set_exemplar_hook(|exemplar: &Exemplar<'_>| {
//!     if exemplar.instrument == "http.server.request.duration" && exemplar.span_context.is_sampled() {
//!         let mut slowest = SLOWEST.lock().unwrap();
//!         if slowest.is_none_or(|(seconds, _)| exemplar.value > seconds) {
//!             *slowest = Some((exemplar.value, exemplar.span_context.trace_id()));
//!         }
//!     }
//! });
//! # tracing_core_lite::exemplars::remove_exemplar_hook();
//! ```
//!
//! The program `examples/correlation.rs` of the repository fills a histogram of `prometheus-client` in this way, and finds the log
//! lines and the spans of its exemplar.

mod hook;
mod instrument;

pub use hook::{Exemplar, remove_exemplar_hook, set_exemplar_hook};
#[doc(hidden)]
pub use instrument::DurationHistogram;
