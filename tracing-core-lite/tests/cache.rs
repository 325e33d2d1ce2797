//! Spans of caches: hits, misses, the loads below them, and their endings.
#![cfg(all(feature = "cache", feature = "testing"))]
#![allow(clippy::unwrap_used)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use tracing_core_lite::cache::{CacheOperation, KeyText, TracedCache};
use tracing_core_lite::span::data::{AnyValue, SpanData};
use tracing_core_lite::testing::TestSpans;

type Prices = moka::future::Cache<u32, u32>;

#[derive(Debug, thiserror::Error)]
#[error("no price for customer ann@example.com")]
struct NoPrice;

fn of_name(spans: &TestSpans, name: &str) -> Vec<SpanData> {
    spans.finished().into_iter().map(|finished| finished.span).filter(|span| span.name == name).collect()
}

async fn price(traced: &TracedCache, prices: &Prices, spans: &TestSpans) -> Result<u32, Arc<NoPrice>> {
    let load = async {
        spans.tracer().span("query").start().end();
        Ok(3)
    };
    traced.get_or_load("price:4711", |loader| prices.try_get_with(4711, loader.run(load))).await
}

#[tokio::test]
async fn a_miss_loads_and_a_hit_does_not() {
    let spans = TestSpans::new();
    let traced = TracedCache::new("prices").with_provider(spans.provider());
    let prices = Prices::new(10);
    for _ in 0..2 {
        assert_eq!(price(&traced, &prices, &spans).await.unwrap(), 3);
    }
    spans.assert_tree(
        "
        get_or_load prices
          load prices
            query
        get_or_load prices
        ",
    );
    let look_ups = of_name(&spans, "get_or_load prices");
    let hits: Vec<_> = look_ups.iter().map(|span| span.attribute("tracing_suite.cache.hit")).collect();
    assert_eq!(hits, [Some(&AnyValue::Bool(false)), Some(&AnyValue::Bool(true))]);
    assert!(look_ups.iter().all(|span| !span.is_error()));
    assert_eq!(look_ups[0].text("tracing_suite.cache.name"), Some("prices"));
    assert_eq!(look_ups[0].text("tracing_suite.cache.operation"), Some("get_or_load"));
    assert!(!format!("{look_ups:?}").contains("4711"), "keys are hashed");
}

#[tokio::test]
async fn a_load_that_fails() {
    let spans = TestSpans::new();
    let traced = TracedCache::new("prices").with_provider(spans.provider());
    let prices = Prices::new(10);
    let load = async { Err::<u32, _>(NoPrice) };
    traced.get_or_load("ann", |loader| prices.try_get_with(1, loader.run(load))).await.unwrap_err();
    let load = spans.one("load prices");
    assert!(load.is_error());
    assert_eq!(load.text("error.type"), Some(std::any::type_name::<NoPrice>()));
    assert!(spans.one("get_or_load prices").is_error());
    assert!(!format!("{:?}", spans.finished()).contains("ann@"), "messages are not recorded");
}

#[tokio::test]
async fn a_cancelled_lookup() {
    let spans = TestSpans::new();
    let traced = TracedCache::new("prices").with_provider(spans.provider());
    let load = async {
        tokio::time::sleep(Duration::from_secs(20)).await;
        Ok::<_, NoPrice>(1)
    };
    let look_up = traced.get_or_load("ann", |loader| loader.run(load));
    tokio::time::timeout(Duration::from_millis(20), look_up).await.unwrap_err();
    for name in ["load prices", "get_or_load prices"] {
        let span = spans.one(name);
        assert_eq!(span.text("error.type"), Some("cancelled"), "{name}");
        assert_eq!(span.events[0].name, "cancelled");
    }
    assert_eq!(
        spans.one("get_or_load prices").attribute("tracing_suite.cache.hit"),
        Some(&AnyValue::Bool(false))
    );
}

#[tokio::test]
async fn waiting_for_the_load_of_another_task_is_a_hit() {
    let spans = TestSpans::new();
    let traced = TracedCache::new("prices").with_provider(spans.provider());
    let prices = Prices::new(10);
    let look_up = || {
        let load = async {
            tokio::time::sleep(Duration::from_millis(30)).await;
            Ok::<_, NoPrice>(3)
        };
        traced.get_or_load("price", |loader| prices.try_get_with(7, loader.run(load)))
    };
    let (first, second) = tokio::join!(look_up(), look_up());
    assert_eq!((first.unwrap(), second.unwrap()), (3, 3));
    assert_eq!(of_name(&spans, "load prices").len(), 1);
    let hits = of_name(&spans, "get_or_load prices");
    assert_eq!(
        hits.iter()
            .filter(|span| span.attribute("tracing_suite.cache.hit") == Some(&AnyValue::Bool(true)))
            .count(),
        1
    );
}

#[test]
fn a_span_by_hand() {
    let spans = TestSpans::new();
    let traced = TracedCache::new("prices").with_provider(spans.provider()).with_key_text(KeyText::Template);
    let span = traced.start(CacheOperation::Put, "price:4711");
    span.set_ttl(Duration::from_millis(1500)).set_size(120);
    drop(span);
    let span = spans.one("put prices");
    assert_eq!(span.text("tracing_suite.cache.key"), Some("price:?"));
    assert_eq!(span.attribute("tracing_suite.cache.ttl"), Some(&AnyValue::Double(1.5)));
    assert_eq!(span.int("tracing_suite.cache.size"), Some(120));
    assert_eq!(span.attribute("tracing_suite.cache.hit"), None);
}

fn assert_panicked(spans: &TestSpans, name: &str) {
    let span = spans.one(name);
    assert_eq!((span.text("error.type"), span.is_error()), (Some("panic"), true), "{name}");
    let events: Vec<_> = span.events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(events, ["exception"], "{name}");
}

#[tokio::test]
async fn a_load_that_panics_is_a_failure() {
    let spans = TestSpans::new();
    let traced = TracedCache::new("prices").with_provider(spans.provider());
    let look_up = traced.get_or_load("ann", |loader| {
        loader.run(async { if true { panic!("as the test wants") } else { Ok::<u32, NoPrice>(1) } })
    });
    tokio::spawn(look_up).await.unwrap_err();
    assert_panicked(&spans, "load prices");
    assert_panicked(&spans, "get_or_load prices");
}

/// An executor or the cache may catch the panic and drop the future later, when the thread is no longer panicking.
#[test]
fn a_panic_that_is_caught_before_the_future_is_dropped_is_a_failure() {
    let spans = TestSpans::new();
    let traced = TracedCache::new("prices").with_provider(spans.provider());
    let mut look_up = Box::pin(traced.get_or_load("ann", |loader| {
        loader.run(async { if true { panic!("as the test wants") } else { Ok::<u32, NoPrice>(1) } })
    }));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    catch_unwind(AssertUnwindSafe(|| look_up.as_mut().poll(&mut cx))).unwrap_err();
    drop(look_up);
    assert_panicked(&spans, "load prices");
    assert_panicked(&spans, "get_or_load prices");
}

#[test]
fn an_operation_by_hand_that_panics_is_a_failure() {
    let spans = TestSpans::new();
    let traced = TracedCache::new("prices").with_provider(spans.provider());
    catch_unwind(AssertUnwindSafe(|| {
        let _span = traced.start(CacheOperation::Put, "ann");
        panic!("as the test wants");
    }))
    .unwrap_err();
    assert_panicked(&spans, "put prices");
}

#[test]
fn a_lookup_that_panics_before_its_future_exists_is_a_failure() {
    let spans = TestSpans::new();
    let traced = TracedCache::new("prices").with_provider(spans.provider());
    let look_up = |_| -> std::future::Ready<Result<u32, NoPrice>> { panic!("as the test wants") };
    catch_unwind(AssertUnwindSafe(|| drop(traced.get_or_load("ann", look_up)))).unwrap_err();
    assert_panicked(&spans, "get_or_load prices");
}
