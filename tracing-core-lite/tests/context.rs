//! The context follows the work: across awaits, tasks, threads and closures.
#![cfg(all(feature = "testing", feature = "tokio"))]
#![allow(clippy::unwrap_used)]

use tracing_core_lite::context::{Detached, FutureExt, bind, spawn, spawn_blocking, spawn_thread};
use tracing_core_lite::opentelemetry::KeyValue;
use tracing_core_lite::opentelemetry::trace::TraceContextExt;
use tracing_core_lite::span::data::AnyValue;
use tracing_core_lite::testing::TestSpans;
use tracing_core_lite::{Context, Tracer};

fn child(tracer: &Tracer, name: &str) {
    tracer.span(name).start().end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn awaits_spawns_threads_and_closures_keep_it() {
    let spans = TestSpans::new();
    let tracer = spans.tracer();
    let parent = tracer.span("parent").with_parent(&Context::new()).start();
    let in_parent = async {
        tokio::task::yield_now().await;
        child(&tracer, "1 await");
        let task_tracer = tracer.clone();
        spawn(async move {
            tokio::task::yield_now().await;
            child(&task_tracer, "2 spawn");
        })
        .await
        .unwrap();
        let task_tracer = tracer.clone();
        spawn_blocking(move || child(&task_tracer, "3 spawn_blocking")).await.unwrap();
        let task_tracer = tracer.clone();
        spawn_thread(move || child(&task_tracer, "4 thread")).join().unwrap();
        let task_tracer = tracer.clone();
        std::thread::spawn(bind(move || child(&task_tracer, "5 closure"))).join().unwrap();
    };
    in_parent.in_context(parent.in_context(&Context::new())).await;
    parent.end();
    spans.assert_tree(
        "
        parent
          1 await
          2 spawn
          3 spawn_blocking
          4 thread
          5 closure
        ",
    );
}

#[tokio::test]
async fn a_plain_spawn_loses_it() {
    let spans = TestSpans::new();
    let tracer = spans.tracer();
    let parent = tracer.span("parent").with_parent(&Context::new()).start();
    async {
        let tracer = tracer.clone();
        tokio::spawn(async move { child(&tracer, "lost") }).await.unwrap();
    }
    .in_context(parent.in_context(&Context::new()))
    .await;
    parent.end();
    spans.assert_tree("parent\nlost");
}

#[tokio::test]
async fn the_context_is_gone_between_polls() {
    let spans = TestSpans::new();
    let parent = spans.tracer().span("parent").with_parent(&Context::new()).start();
    let (finish, finished) = tokio::sync::oneshot::channel::<()>();
    let task = tokio::spawn(async { finished.await.unwrap() }.in_context(parent.in_context(&Context::new())));
    tokio::task::yield_now().await;
    child(&spans.tracer(), "unrelated");
    finish.send(()).unwrap();
    task.await.unwrap();
    parent.end();
    spans.assert_tree("parent\nunrelated");
}

#[tokio::test]
async fn a_detached_task_follows_from_its_origin_in_a_trace_of_its_own() {
    let spans = TestSpans::new();
    let tracer = spans.tracer();
    let origin = tracer.span("request").with_parent(&Context::new()).start();
    let task = {
        let _guard = origin.in_context(&Context::new()).attach();
        let inner = tracer.clone();
        Detached::new(&tracer, "send mail", async move {
            tokio::task::yield_now().await;
            child(&inner, "connect");
        })
    };
    origin.end();
    tokio::spawn(task).await.unwrap();
    spans.assert_tree(
        "
        request
        send mail
          connect
        ",
    );
    let (request, mail) = (spans.one("request"), spans.one("send mail"));
    assert_ne!(request.trace_id, mail.trace_id);
    assert_eq!(mail.links.len(), 1);
    assert_eq!((mail.links[0].trace_id, mail.links[0].span_id), (request.trace_id, request.span_id));
    assert_eq!(
        mail.links[0].attributes,
        [("opentracing.ref_type".to_owned(), AnyValue::String("follows_from".into()))]
    );
}

#[tokio::test]
async fn a_detached_task_that_is_aborted_ends_its_span() {
    let spans = TestSpans::new();
    let task = tokio::spawn(Detached::new(&spans.tracer(), "endless", std::future::pending::<()>()));
    tokio::task::yield_now().await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(spans.one("endless").links.len(), 0, "there was no origin to follow from");
}

#[tokio::test]
async fn a_future_in_a_span_is_the_work_of_that_span() {
    let spans = TestSpans::new();
    let tracer = spans.tracer();
    let outer = tracer.span("outer").with_parent(&Context::new()).start();
    let inner = tracer.clone();
    async {
        let fails = async { Err::<(), _>(std::io::Error::other("no stock")) };
        let failing = fails.try_in_span(inner.span("failing").start()).await;
        assert!(failing.is_err());
        async { Ok::<(), std::io::Error>(()) }.try_in_span(inner.span("fine").start()).await.unwrap();
        let dropped = std::future::pending::<()>().in_span(inner.span("dropped").start());
        tokio::time::timeout(std::time::Duration::from_millis(1), dropped).await.unwrap_err();
    }
    .in_span(outer)
    .await;
    spans.assert_tree(
        "
        outer
          failing
          fine
          dropped
        ",
    );
    assert!(spans.one("failing").is_error());
    assert!(!spans.one("fine").is_error());
}

#[test]
fn a_context_that_outlives_its_span_neither_stretches_nor_revives_it() {
    let spans = TestSpans::new();
    let tracer = spans.tracer();
    let span = tracer.span("request").with_parent(&Context::new()).start();
    let left_behind = span.in_context(&Context::new());
    span.end();
    let ended = spans.one("request").end_time_unix_nano;
    assert!(!left_behind.span().is_recording());
    left_behind.span().set_attribute(KeyValue::new("late", true));
    left_behind.span().end();
    // Another span reuses the pooled slot. The old context must not write into it.
    let next = tracer.span("next").with_parent(&Context::new()).start();
    left_behind.span().set_attribute(KeyValue::new("stray", true));
    next.end();
    drop(left_behind);
    assert_eq!(spans.one("request").end_time_unix_nano, ended);
    assert!(spans.one("next").attributes.is_empty());
}
