//! In debug builds, each bad name and attribute is reported once.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tracing::Level;
use tracing::field::{Field, Visit};
use tracing_core_lite::TracerProvider;
use tracing_core_lite::exporters::MemoryExporter;
use tracing_core_lite::lint::Lint;
use tracing_core_lite::testing::{LintProblem, TestSpans};
use tracing_subscriber::layer::{Context, SubscriberExt};

/// Keeps the messages of this crate with their levels.
#[derive(Clone, Default)]
struct Messages(Arc<Mutex<Vec<(Level, String)>>>);

struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, _: &Field, value: &dyn std::fmt::Debug) {
        self.0.push_str(&format!("{value:?}"));
    }
}

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Messages {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut message = Message(String::new());
        event.record(&mut message);
        self.0.lock().unwrap().push((*event.metadata().level(), message.0));
    }
}

fn record(provider: &TracerProvider) {
    let tracer = provider.tracer("test");
    for number in 0..50 {
        tracer.span(&format!("GET /orders/{number}")).start_with(|span| {
            span.set("http.method", "GET").set("note", "x".repeat(5000 + number).as_str());
        });
        tracer.span("load prices").start_with(|span| _ = span.set("shop.region", "eu"));
        provider.flush(Duration::from_secs(10)).unwrap();
    }
}

#[test]
fn each_problem_is_logged_once_at_the_level_of_the_setting() {
    let messages = Messages::default();
    // The export thread has no subscriber of its own.
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(messages.clone())).unwrap();
    for (lint, level) in [
        (None, cfg!(debug_assertions).then_some(Level::WARN)),
        (Some(Lint::warnings()), Some(Level::WARN)),
        (Some(Lint::errors()), Some(Level::ERROR)),
        (Some(Lint::off()), None),
    ] {
        messages.0.lock().unwrap().clear();
        let builder = TracerProvider::builder().with_exporter(MemoryExporter::new());
        let builder = match &lint {
            Some(lint) => builder.with_lint(lint.clone()),
            None => builder,
        };
        record(&builder.build().unwrap());
        // The other test runs at the same time.
        let logged: Vec<_> = messages
            .0
            .lock()
            .unwrap()
            .iter()
            .filter(|(_, text)| text.contains("/orders/"))
            .cloned()
            .collect();
        let expected: &[&str] =
            if level.is_some() { &["/orders/0", "http.request.method", "5000 bytes"] } else { &[] };
        assert_eq!(logged.len(), expected.len(), "{logged:?}");
        for (logged, expected) in logged.iter().zip(expected) {
            assert!(Some(logged.0) == level && logged.1.contains(expected), "{logged:?}");
        }
        if let Some(lint) = lint {
            assert_eq!(lint.findings().len(), expected.len());
        }
    }
}

#[test]
fn the_spans_of_a_test_are_checked_in_every_build() {
    let lint = Lint::errors();
    let configured = lint.clone();
    let spans = TestSpans::with(|builder| builder.with_lint(configured)).unwrap();
    spans.tracer().span("load prices").start_with(|span| _ = span.set("http.response.status_code", "200"));
    assert_eq!(spans.finished().len(), 1);
    assert_eq!(lint.findings()[0].problem, LintProblem::WrongType { expected: "int" });
}
