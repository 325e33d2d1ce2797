//! A streaming call's span lasts as long as its stream, whichever side streams.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use support::{Shop, ending, item};
use tracing_core_lite::span::data::SpanData;

/// Three messages, 20 ms apart.
const STREAMED: Duration = Duration::from_millis(40);

fn assert_streamed(sides: (SpanData, SpanData), method: &str) {
    for span in [sides.0, sides.1] {
        assert_eq!(span.name, format!("shop.v1.Stock/{method}"));
        assert_eq!(ending(&span), (Some("OK"), None, false));
        assert!(span.duration() >= STREAMED, "{:?} is too short", span.duration());
    }
}

fn items() -> impl tokio_stream::Stream<Item = support::proto::Item> + Send {
    use tokio_stream::StreamExt;
    tokio_stream::iter([item("a"), item("b"), item("c")]).throttle(Duration::from_millis(25))
}

#[tokio::test(flavor = "multi_thread")]
async fn server_streaming() {
    let mut shop = Shop::open().await;
    let mut levels = shop.client.watch(item("A-7")).await.unwrap().into_inner();
    let mut count = 0;
    while let Some(level) = levels.message().await.unwrap() {
        assert_eq!(level.quantity, count);
        count += 1;
    }
    assert_eq!(count, 3);
    let sides = shop.pair();
    let finished = shop.spans.finished();
    let inner: Vec<_> = finished.iter().filter(|finished| finished.span.name == "count").collect();
    assert_eq!(inner.len(), 3);
    assert!(
        inner.iter().all(|finished| finished.span.parent_span_id == sides.1.span_id),
        "the stream runs in the span"
    );
    assert_streamed(sides, "Watch");
}

#[tokio::test(flavor = "multi_thread")]
async fn client_streaming() {
    let mut shop = Shop::open().await;
    let level = shop.client.reserve(items()).await.unwrap();
    assert_eq!(level.into_inner().quantity, 6);
    assert_streamed(shop.pair(), "Reserve");
}

#[tokio::test(flavor = "multi_thread")]
async fn bidirectional_streaming() {
    let mut shop = Shop::open().await;
    let mut levels = shop.client.trade(items()).await.unwrap().into_inner();
    let mut count = 0;
    while levels.message().await.unwrap().is_some() {
        count += 1;
    }
    assert_eq!(count, 3);
    assert_streamed(shop.pair(), "Trade");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_an_unsampled_call_runs_in_its_context() {
    use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
    use tracing_core_lite::context::FutureExt;

    let mut shop = Shop::open().await;
    let caller =
        SpanContext::new(TraceId::from(7), SpanId::from(7), TraceFlags::NOT_SAMPLED, true, TraceState::NONE);
    let context = tracing_core_lite::Context::new().with_remote_span_context(caller);
    let mut levels = shop.client.watch(item("A-7")).in_context(context).await.unwrap().into_inner();
    while levels.message().await.unwrap().is_some() {}
    // In any other context, the stream's spans would start a new trace and be recorded.
    assert!(shop.spans.finished().is_empty());
}
