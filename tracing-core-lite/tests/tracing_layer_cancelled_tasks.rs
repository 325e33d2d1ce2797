//! Tasks that are cancelled at any point leave no open span and no orphan in the tracing layer.
#![cfg(all(feature = "tracing-layer", feature = "testing"))]

use std::collections::HashSet;
use std::time::Duration;

use opentelemetry::trace::SpanId;
use tracing::{Dispatch, Instrument, info, info_span};
use tracing_core_lite::subscriber::{self, SpanLayer};
use tracing_core_lite::testing::TestSpans;
use tracing_subscriber::layer::SubscriberExt;

const TASKS: u64 = 10_000;

/// A small generator, so that a failure can be repeated.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

async fn pause(steps: u64) {
    for _ in 0..steps {
        tokio::task::yield_now().await;
    }
}

async fn task(seed: u64) {
    let mut state = seed;
    for _ in 0..3 {
        let steps = next(&mut state) % 4;
        async {
            pause(steps).await;
            info!(steps, "in the middle");
            async { pause(next(&mut state) % 3).await }.instrument(info_span!("inner")).await;
        }
        .instrument(info_span!("step", steps))
        .await;
    }
}

#[test]
fn ten_thousand_tasks_cancelled_at_random_leave_nothing() {
    let spans = TestSpans::with(|builder| {
        let limits = tracing_core_lite::pipeline::BatchLimits::default();
        builder.with_batch_limits(limits.with_max_queue_size(1 << 20).with_max_queue_bytes(1 << 30))
    })
    .expect("an export thread starts");
    let dispatch =
        Dispatch::new(tracing_subscriber::registry().with(subscriber::layer().with_tracer(spans.tracer())));
    // The registry closes a parent with the subscriber that is current, so a scoped one would miss some.
    tracing::dispatcher::set_global_default(dispatch.clone()).expect("the first one");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_time().build().unwrap();
    runtime.block_on(async {
        let mut state = 7;
        let mut tasks = Vec::new();
        for number in 0..TASKS {
            let task = tokio::spawn(task(next(&mut state)).instrument(info_span!("task", number)));
            match next(&mut state) % 4 {
                0 => task.abort(),
                1 => {
                    pause(next(&mut state) % 5).await;
                    task.abort();
                }
                _ => {}
            }
            tasks.push(task);
            if number % 7 == 0 {
                let victim = next(&mut state) as usize % tasks.len();
                tasks[victim].abort();
            }
        }
        for task in tasks {
            let _cancelled = task.await;
        }
    });
    drop(runtime);
    let live = dispatch.downcast_ref::<SpanLayer>().expect("the layer is there");
    let deadline = std::time::Instant::now() + Duration::from_secs(30);
    while live.live_spans() > 0 && std::time::Instant::now() < deadline {
        std::thread::yield_now();
    }
    assert_eq!(live.live_spans(), 0);

    let finished = spans.finished();
    let ids: HashSet<SpanId> = finished.iter().map(|span| span.span.span_id).collect();
    let is_orphan = |parent: &SpanId| *parent != SpanId::INVALID && !ids.contains(parent);
    assert_eq!(finished.iter().filter(|span| is_orphan(&span.span.parent_span_id)).count(), 0);
    assert_eq!(finished.iter().filter(|span| span.span.name == "task").count() as u64, TASKS);
    assert_eq!(ids.len(), finished.len(), "each span ends once");
}
