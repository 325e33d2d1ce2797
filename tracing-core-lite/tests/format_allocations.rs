//! Reading ids and a decision allocates nothing, in every format and with all of them.

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
use tracing_core_lite::Context;
use tracing_core_lite::propagation::Propagator;
use tracing_core_lite::testing::{Allocations, CountingAllocator};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

const ALL: &str = "tracecontext,baggage,b3,b3multi,jaeger,xray,ottrace,datadog";

fn request(names: &str, is_sampled: bool) -> http::HeaderMap {
    let mut headers = http::HeaderMap::new();
    for name in ["host", "accept", "user-agent", "cookie"] {
        headers.insert(name, http::HeaderValue::from_static("some value or other"));
    }
    let flags = TraceFlags::default().with_sampled(is_sampled);
    // A high half of zero, so that Datadog sends no tags.
    let span_context = SpanContext::new(TraceId::from(7), SpanId::from(7), flags, false, TraceState::NONE);
    let propagator = Propagator::from_names(names).expect("known names");
    propagator.inject_span(&span_context, &Context::new(), &mut headers);
    headers
}

#[test]
fn ids_and_a_decision() {
    for names in ["tracecontext", "b3", "b3multi", "jaeger", "xray", "ottrace", "datadog"] {
        for is_sampled in [true, false] {
            let headers = request(names, is_sampled);
            for reader in [names, ALL] {
                let propagator = Propagator::from_names(reader).expect("known names");
                let before = Allocations::of_this_thread();
                let extracted = propagator.extract(&headers);
                let made = Allocations::of_this_thread().since(before);
                assert_eq!(extracted.span_context.is_some_and(|it| it.is_sampled()), is_sampled, "{names}");
                assert_eq!(made.count, 0, "{names} read by {reader}");
            }
        }
    }
}
