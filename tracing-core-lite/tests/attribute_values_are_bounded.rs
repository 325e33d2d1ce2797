//! Attributes with too many distinct values are found, in bounded memory, and dropped or hashed if that was asked for.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used)]

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tracing::field::{Field, Visit};
use tracing_core_lite::Recorder;
use tracing_core_lite::cardinality::{NameLimits, ValueAction, ValueLimits};
use tracing_core_lite::redaction::Redaction;
use tracing_core_lite::testing::TestSpans;
use tracing_subscriber::layer::{Context, SubscriberExt};

const FLUSH: Duration = Duration::from_secs(30);

/// Records `count` spans, and returns them.
fn record(limits: &ValueLimits, count: usize, write: impl Fn(usize, &mut Recorder<'_>)) -> TestSpans {
    let configure = limits.clone();
    let spans = TestSpans::with(|builder| builder.with_value_limits(configure)).unwrap();
    for number in 0..count {
        spans.tracer().span("place order").start_with(|span| write(number, span));
        if number % 1000 == 0 {
            spans.provider().flush(FLUSH).unwrap();
        }
    }
    spans.provider().flush(FLUSH).unwrap();
    spans
}

fn values(spans: &TestSpans, key: &str) -> HashSet<String> {
    let finished = spans.finished();
    finished.iter().filter_map(|it| it.span.attribute(key)).map(|value| format!("{value:?}")).collect()
}

#[test]
fn the_offender_among_a_hundred_thousand_values_is_named_and_its_values_stay() {
    let limits = ValueLimits::new();
    let spans = record(&limits, 100_000, |number, span| {
        span.set("order.id", format!("o-{number}").as_str())
            .set("user.number", number as i64)
            .set("shop.region", ["eu", "us"][number % 2]);
    });
    assert_eq!(values(&spans, "order.id").len(), 100_000);
    let stats = limits.stats();
    let mut keys: Vec<_> =
        stats.offenders.iter().map(|it| (it.span.as_str(), it.key.as_str(), it.bound)).collect();
    keys.sort_unstable();
    assert_eq!(keys, [("place order", "order.id", 1000), ("place order", "user.number", 1000)]);
    assert!(stats.offenders.iter().any(|it| it.key == "order.id" && it.example.starts_with("o-")));
    assert_eq!((stats.exceeded, stats.counted, stats.dropped, stats.hashed), (2, 3, 0, 0));
}

#[test]
fn memory_is_bounded_for_a_hundred_thousand_names_and_keys() {
    let (limits, names) = (ValueLimits::new(), NameLimits::new());
    let configure = limits.clone();
    let spans =
        TestSpans::with(|builder| builder.with_value_limits(configure).with_name_limits(names)).unwrap();
    for number in 0..100_000 {
        let name = format!("GET /users/{number}");
        spans.tracer().span(&name).start_with(|span| {
            span.set(&format!("key.{number}"), number as i64)
                .set("url.path", format!("/users/{number}").as_str());
        });
        if number % 1000 == 0 {
            spans.provider().flush(FLUSH).unwrap();
        }
    }
    let stats = limits.stats();
    assert_eq!(stats.counted, 3500);
    assert!(stats.not_counted > 0);
    assert!(stats.memory < 1_500_000, "{}", stats.memory);
}

#[test]
fn values_beyond_the_bound_are_dropped_or_hashed_on_request() {
    let limits = ValueLimits::new()
        .with_values(10)
        .with_action("cart.*", ValueAction::Drop)
        .with_action("session", ValueAction::Hash)
        .with_values_of("cart.small", 3);
    let spans = record(&limits, 2000, |number, span| {
        let value = format!("v{number}");
        for key in ["cart.id", "cart.small", "session", "other"] {
            span.set(key, value.as_str());
        }
    });
    assert_eq!(values(&spans, "cart.id").len(), 10);
    assert_eq!(values(&spans, "cart.small").len(), 3);
    assert_eq!(values(&spans, "other").len(), 2000);
    let sessions = values(&spans, "session");
    assert!(sessions.len() > 20 && sessions.len() <= 10 + 256, "{}", sessions.len());
    assert!(sessions.iter().filter(|value| !value.contains("hash:")).count() == 10);
    let stats = limits.stats();
    assert_eq!((stats.dropped, stats.hashed), (1990 + 1997, 1990));
    let keys: HashSet<_> = stats.offenders.iter().map(|it| it.key.as_str()).collect();
    assert_eq!(keys, ["cart.id", "cart.small", "session", "other"].into());
}

#[test]
fn the_memory_for_keys_with_an_action_is_bounded() {
    let limits = ValueLimits::new().with_values(100).with_action("*", ValueAction::Drop);
    let (configure, names) = (limits.clone(), NameLimits::off());
    let spans =
        TestSpans::with(|builder| builder.with_value_limits(configure).with_name_limits(names)).unwrap();
    for number in 0..60_000 {
        let name = format!("load {}", number % 1000);
        spans.tracer().span(&name).start_with(|span| {
            span.set(&format!("key.{number}"), number as i64).set("id", number as i64);
        });
        if number % 1000 == 0 {
            spans.provider().flush(FLUSH).unwrap();
        }
    }
    spans.provider().flush(FLUSH).unwrap();
    let stats = limits.stats();
    assert!(stats.dropped > 60_000, "{}", stats.dropped);
    assert!(stats.memory < 3_200_000, "{}", stats.memory);
}

#[test]
fn equal_values_have_equal_hashes_everywhere() {
    let hashes = |_| {
        let limits = ValueLimits::new().with_values(0).with_action("id", ValueAction::Hash);
        values(&record(&limits, 1, |_, span| _ = span.set("id", "ann")), "id")
    };
    assert_eq!(hashes(0), hashes(1));
}

#[test]
fn allowed_keys_and_ids_by_definition_are_not_reported_and_the_bounds_can_be_off() {
    let write = |number: usize, span: &mut Recorder<'_>| {
        span.set("order.id", number as i64).set("messaging.message.id", format!("m{number}").as_str());
    };
    for limits in [ValueLimits::new().with_allowed_key("order.*"), ValueLimits::off()] {
        record(&limits, 3000, write);
        assert_eq!(limits.stats().exceeded, 0);
    }
}

#[test]
fn a_new_window_counts_anew_and_does_not_report_again() {
    let limits =
        ValueLimits::new().with_values(1).with_action("id", ValueAction::Drop).with_window(Duration::ZERO);
    let configure = limits.clone();
    let spans = TestSpans::with(|builder| builder.with_value_limits(configure)).unwrap();
    for batch in 0..3 {
        for number in 0..3 {
            let value = format!("{batch}.{number}");
            spans.tracer().span("place order").start_with(|span| _ = span.set("id", value.as_str()));
        }
        spans.provider().flush(FLUSH).unwrap();
    }
    assert_eq!(values(&spans, "id").len(), 3);
    assert_eq!(limits.stats().exceeded, 1);
}

/// Keeps the messages of this crate.
#[derive(Clone, Default)]
struct Messages(Arc<Mutex<Vec<String>>>);

impl Visit for Messages {
    fn record_debug(&mut self, _: &Field, value: &dyn std::fmt::Debug) {
        self.0.lock().unwrap().push(format!("{value:?}"));
    }
}

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Messages {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        event.record(&mut self.clone());
    }
}

#[test]
fn reports_contain_no_secret_even_if_redaction_is_off() {
    const TOKEN: &str = "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";
    let messages = Messages::default();
    // The export thread has no subscriber of its own.
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(messages.clone())).unwrap();
    let limits = ValueLimits::new().with_values(0);
    let (values, names) = (limits.clone(), NameLimits::new().with_names(0));
    let spans = TestSpans::with(|builder| {
        builder.with_value_limits(values).with_name_limits(names).with_redaction(Redaction::off())
    })
    .unwrap();
    for _ in 0..3 {
        spans.tracer().span(&format!("send {TOKEN}")).start_with(|span| {
            span.set("note", TOKEN).set("db.password", "opaque-1");
        });
    }
    spans.provider().flush(FLUSH).unwrap();
    let logged = messages.0.lock().unwrap().clone();
    let about = |what: &str| logged.iter().filter(|message| message.contains(what)).count();
    assert_eq!(about("`note`"), 1, "{logged:?}");
    assert_eq!(about("distinct span names"), 1, "{logged:?}");
    assert_eq!(about(TOKEN) + about("opaque-1"), 0, "{logged:?}");
    assert!(!format!("{:?}", limits.stats()).contains("opaque-1"));
    assert!(!format!("{:?}", limits.stats()).contains(TOKEN));
}
