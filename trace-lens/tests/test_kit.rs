//! A user's own suite asserts where the time of its requests goes, on the spans of the test kit.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use trace_lens::{Lens, SpanRecord};
use tracing_core_lite::testing::TestSpans;
use tracing_core_lite::{Context, Resource};

#[test]
fn a_share_of_the_critical_path_is_asserted() {
    let spans = TestSpans::with(|builder| {
        builder.with_resource(Resource::builder().with_service_name("orders").build())
    })
    .unwrap();
    let order = spans.tracer().span("POST /orders").start();
    let context = order.in_context(&Context::new());
    let payment = spans.tracer().span("payment").with_parent(&context).start();
    std::thread::sleep(Duration::from_millis(2));
    payment.end();
    order.end();
    let lens = Lens::from_records(spans.wait_for(2).iter().map(SpanRecord::from));
    let path = lens.critical_path(lens.traces().next().unwrap());
    assert!((path.share("orders") - 1.0).abs() < 1e-9);
    assert!(path.share("payment") < 0.5);
    let by_span = |name: &str| {
        path.sections.iter().filter(|it| it.name == name).map(|it| it.end - it.start).sum::<u64>()
    };
    assert!(by_span("payment") >= 2_000_000);
    assert_eq!(by_span("payment") + by_span("POST /orders"), path.duration);
}
