//! A connection that panics makes the span of its command a failure.
#![allow(clippy::unwrap_used)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Waker};

use redis::aio::ConnectionLike;
use redis::{Cmd, Pipeline, RedisFuture, Value, cmd, pipe};
use tracing_core_lite::testing::TestSpans;
use tracing_redis::TracedRedis;

/// A connection that panics, when it is called or when its future is polled.
struct Panicking {
    at_once: bool,
}

impl Panicking {
    fn panic<T>(&self) -> RedisFuture<'_, T> {
        assert!(!self.at_once, "as the test wants");
        Box::pin(async { panic!("as the test wants") })
    }
}

impl ConnectionLike for Panicking {
    fn req_packed_command<'a>(&'a mut self, _: &'a Cmd) -> RedisFuture<'a, Value> {
        self.panic()
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        _: &'a Pipeline,
        _: usize,
        _: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        self.panic()
    }

    fn get_db(&self) -> i64 {
        0
    }
}

fn assert_panicked(spans: &TestSpans, name: &str) {
    let span = spans.one(name);
    assert_eq!((span.text("error.type"), span.is_error()), (Some("panic"), true));
    let events: Vec<_> = span.events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(events, ["exception"]);
}

#[test]
fn a_command_that_panics_is_a_failure() {
    for at_once in [false, true] {
        let spans = TestSpans::new();
        let mut connection = TracedRedis::new(Panicking { at_once }).with_provider(spans.provider());
        let command = cmd("PING");
        let mut cx = Context::from_waker(Waker::noop());
        let run = || connection.req_packed_command(&command).as_mut().poll(&mut cx).is_ready();
        catch_unwind(AssertUnwindSafe(run)).unwrap_err();
        assert_panicked(&spans, "PING");
    }
}

#[test]
fn a_pipeline_whose_panic_is_caught_before_it_is_dropped_is_a_failure() {
    let spans = TestSpans::new();
    let mut connection = TracedRedis::new(Panicking { at_once: false }).with_provider(spans.provider());
    let mut pipeline = pipe();
    pipeline.get("a").get("b");
    let mut cx = Context::from_waker(Waker::noop());
    let mut running = connection.req_packed_commands(&pipeline, 0, 2);
    catch_unwind(AssertUnwindSafe(|| running.as_mut().poll(&mut cx).is_ready())).unwrap_err();
    drop(running);
    assert_panicked(&spans, "PIPELINE GET");
}
