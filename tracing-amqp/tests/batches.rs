//! A batch of deliveries is one span with a link to every sender.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::HashSet;

use lapin::BasicProperties;
use lapin::options::BasicAckOptions;
use opentelemetry::Context;
use support::{Rabbit, next, within};
use tracing_amqp::Settings;
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::messaging::attribute;
use tracing_core_lite::span::SpanLimits;
use tracing_core_lite::span::data::StatusData;
use tracing_core_lite::testing::TestSpans;

#[tokio::test]
async fn five_hundred_messages_of_fifty_traces() {
    let limits = SpanLimits::default().with_links(1000);
    for (limits, links) in [(limits, 500), (SpanLimits::default(), 128)] {
        let spans = TestSpans::with(|builder| builder.with_span_limits(limits)).unwrap();
        let settings = Settings::new();
        let rabbit = Rabbit::at(&support::url(), Default::default(), spans.clone(), settings).await;
        let queue = rabbit.queue("batch").await;
        let mut consumer = rabbit.consume(&queue).await;
        for _ in 0..50 {
            let request = spans.tracer().span("request").with_parent(&Context::new()).start();
            for _ in 0..10 {
                let context = request.in_context(&Context::new());
                rabbit.publish(&queue, b"0123456789", BasicProperties::default()).in_context(context).await;
            }
        }
        let mut batch = consumer.batch().with_item_ratio(0.0).with_small_batch(0);
        let mut last = None;
        for number in 0..500 {
            let delivery = next(&mut consumer).await;
            batch.add(delivery.origin(), delivery.data.len());
            let item = batch.item(delivery.origin());
            if number % 100 == 0 {
                item.failed_as("no_paper", &std::io::Error::other("no paper"))
            } else {
                item.processed()
            }
            last = Some(delivery);
        }
        within(last.unwrap().ack(BasicAckOptions { multiple: true })).await.unwrap();
        batch.end();

        let finished = spans.finished();
        let is_batch =
            |key| move |it: &&tracing_core_lite::span::data::FinishedSpan| it.span.int(key).is_some();
        let batch = &finished.iter().find(is_batch(attribute::BATCH_MESSAGE_COUNT)).unwrap().span;
        assert_eq!(batch.name, format!("process {queue}"));
        assert_eq!(batch.links.len() + batch.dropped_links_count as usize, 500);
        assert_eq!(batch.links.len(), links);
        let traces: HashSet<_> = batch.links.iter().map(|link| link.trace_id).collect();
        assert_eq!(traces.len(), links.div_ceil(10));
        assert!(batch.links.iter().all(|link| link.is_follows_from()));
        for (key, count) in [
            (attribute::BATCH_MESSAGE_COUNT, 500),
            (attribute::BATCH_PROCESSED, 495),
            (attribute::BATCH_FAILED, 5),
            (attribute::BATCH_BODY_SIZE, 5000),
        ] {
            assert_eq!(batch.int(key), Some(count), "{key}");
        }
        let failed = finished.iter().filter(|it| matches!(it.span.status, StatusData::Error(_)));
        assert!(failed.clone().all(|it| it.span.parent_span_id == batch.span_id));
        assert_eq!(failed.count(), 5);
    }
}
