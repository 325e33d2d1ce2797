//! Acknowledgements and replies nest in a span that the work on the delivery opened.
#![allow(clippy::unwrap_used)]

use lapin::message::Delivery;
use lapin::options::BasicAckOptions;
use opentelemetry::Context;
use tracing_amqp::{Broker, Settings};
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::testing::TestSpans;

/// The current span when the delivery is acknowledged.
#[derive(Debug, Clone, Copy)]
enum Current {
    Nothing,
    AcceptLoop,
    Process,
    Step,
}

#[tokio::test]
async fn an_acknowledgement_is_below_the_deepest_span_of_the_work() {
    for (current, parent) in [
        (Current::Nothing, "process orders:created:email"),
        (Current::AcceptLoop, "process orders:created:email"),
        (Current::Process, "process orders:created:email"),
        (Current::Step, "step"),
    ] {
        let spans = TestSpans::new();
        let settings = Settings::new().with_provider(spans.provider()).with_settle_spans(true);
        let broker = Broker::at("amqp://rabbitmq", settings);
        let accept_loop = spans.tracer().span("accept loop").start();
        let around = accept_loop.in_context(&Context::new());
        let delivery = Delivery::mock(1, "orders".into(), "created".into(), false, Vec::new());
        let delivery = {
            let _guard = around.clone().attach();
            broker.delivery(delivery, "email").start_processing()
        };
        let process = delivery.context().clone();
        let step = spans.tracer().span("step").with_parent(&process).start();
        let context = match current {
            Current::Nothing => Context::new(),
            Current::AcceptLoop => around,
            Current::Process => process,
            Current::Step => step.in_context(&process),
        };
        delivery.ack(BasicAckOptions::default()).in_context(context).await.unwrap();
        step.end();
        drop(delivery);
        let ack = spans.one("ack orders:created:email");
        assert_eq!(ack.parent_span_id, spans.one(parent).span_id, "{current:?}");
    }
}
