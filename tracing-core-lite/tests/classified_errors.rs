//! One place decides whether an error is a failure: the error's own `ClassifiedError`.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used, reason = "a test panics if its setup fails")]

use std::backtrace::Backtrace;
use std::error::Error;
use std::fmt;
use std::future::ready;
use std::pin::pin;
use std::task::{Context as TaskContext, Poll, Waker};

use tracing_core_lite::Context;
use tracing_core_lite::context::FutureExt;
use tracing_core_lite::span::data::{SpanData, StatusData};
use tracing_core_lite::span::{ClassifiedError, current_span};
use tracing_core_lite::testing::TestSpans;

#[derive(Debug)]
enum OrderError {
    Empty,
    RateLimit,
    Database(std::io::Error),
    Bug(Backtrace),
}

impl fmt::Display for OrderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the order has no items",
            Self::RateLimit => "too many orders",
            Self::Database(_) => "the database is not reachable",
            Self::Bug(_) => "the total is negative",
        })
    }
}

impl Error for OrderError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Database(cause) => Some(cause),
            _ => None,
        }
    }
}

impl ClassifiedError for OrderError {
    fn class(&self) -> &str {
        match self {
            Self::Empty => "validation",
            Self::RateLimit => "rate_limit",
            Self::Database(_) => "database",
            Self::Bug(_) => "bug",
        }
    }

    fn is_expected(&self) -> bool {
        matches!(self, Self::Empty | Self::RateLimit)
    }

    fn backtrace(&self) -> Option<&Backtrace> {
        match self {
            Self::Bug(stack) => Some(stack),
            _ => None,
        }
    }
}

fn errors() -> [OrderError; 4] {
    let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
    let stack = Backtrace::force_capture();
    [OrderError::Empty, OrderError::RateLimit, OrderError::Database(refused), OrderError::Bug(stack)]
}

/// Records an error in each of the four ways.
fn record(spans: &TestSpans, way: usize, error: OrderError) {
    let span = spans.tracer().span("place order").start();
    match way {
        0 => span.record_classified(&error),
        1 => span.record(|span| {
            span.record_classified(&error);
        }),
        2 => {
            let _guard = span.in_context(&Context::current()).attach();
            current_span().record_classified(&error);
        }
        _ => {
            let work = pin!(ready(Err::<(), _>(error)).try_in_span_classified(span));
            let polled = work.poll(&mut TaskContext::from_waker(Waker::noop()));
            assert!(matches!(polled, Poll::Ready(Err(_))));
            return;
        }
    }
    span.end();
}

fn exception<'a>(span: &'a SpanData, key: &str) -> Option<&'a str> {
    let [event] = &span.events[..] else { panic!("one event: {:?}", span.events) };
    assert_eq!(event.name, "exception");
    event.attributes.iter().find(|(known, _)| known == key).and_then(|(_, value)| value.as_str())
}

#[test]
fn expected_errors_leave_the_status_unset_and_failures_do_not() {
    for way in 0..4 {
        for error in errors() {
            let (class, message) = (error.class().to_owned(), error.to_string());
            let (is_expected, has_stack) = (error.is_expected(), error.backtrace().is_some());
            let has_cause = error.source().is_some();
            let spans = TestSpans::new();
            record(&spans, way, error);

            let span = spans.one("place order");
            let what = format!("{class}, way {way}");
            let status = if is_expected { StatusData::Unset } else { StatusData::Error(message.clone()) };
            assert_eq!(span.status, status, "{what}");
            assert_eq!(span.bool("error_handled"), is_expected.then_some(true), "{what}");
            let classes = (span.text("error.type"), span.text("tracing_suite.handled_error.class"));
            let class = Some(&*class);
            assert_eq!(classes, if is_expected { (None, class) } else { (class, None) }, "{what}");
            assert_eq!(exception(&span, "exception.message"), Some(&*message), "{what}");
            assert!(exception(&span, "exception.type").unwrap().ends_with("OrderError"), "{what}");

            let stack = exception(&span, "exception.stacktrace").unwrap_or_default();
            assert_eq!(stack.starts_with("caused by: "), has_cause, "{what}: {stack}");
            assert_eq!(stack.contains("classified_errors"), has_stack, "{what}: {stack}");
        }
    }
}

#[test]
fn an_ok_records_nothing() {
    let spans = TestSpans::new();
    let work =
        pin!(ready(Ok::<u32, OrderError>(0)).try_in_span_classified(spans.tracer().span("find").start()));
    assert!(matches!(work.poll(&mut TaskContext::from_waker(Waker::noop())), Poll::Ready(Ok(0))));
    let span = spans.one("find");
    assert_eq!((&span.status, span.attributes.len(), span.events.len()), (&StatusData::Unset, 0, 0));
}
