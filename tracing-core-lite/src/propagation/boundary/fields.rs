//! The headers of all formats, compiled in or not.

use crate::propagation::{Inject, Propagator};

/// Names of headers that carry trace context or baggage.
const NAMES: &[&str] = &[
    "traceparent",
    "tracestate",
    "baggage",
    "b3",
    "x-b3-traceid",
    "x-b3-spanid",
    "x-b3-parentspanid",
    "x-b3-sampled",
    "x-b3-flags",
    "uber-trace-id",
    "jaeger-baggage",
    "jaeger-debug-id",
    "x-amzn-trace-id",
    "x-cloud-trace-context",
    "x-datadog-trace-id",
    "x-datadog-parent-id",
    "x-datadog-sampling-priority",
    "x-datadog-origin",
    "x-datadog-tags",
    "ot-tracer-traceid",
    "ot-tracer-spanid",
    "ot-tracer-sampled",
    "grpc-trace-bin",
    "x-first-traceparent",
];

/// The starts of names of headers that carry trace context or baggage.
const PREFIXES: &[&str] = &["uberctx-", "ot-baggage-", "ot-tracer-", "x-b3-", "x-datadog-"];

impl Propagator {
    /// Removes every header that carries trace context or baggage in any format, compiled in or not, and those that this
    /// propagator reads.
    pub fn remove_context(&self, carrier: &mut dyn Inject) {
        let matches = |name: &str| {
            NAMES.contains(&name)
                || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
                || self.reads(name)
        };
        if !carrier.remove_matching(&matches) {
            NAMES.iter().for_each(|name| carrier.remove(name));
            self.fields().for_each(|name| carrier.remove(name));
        }
    }
}
