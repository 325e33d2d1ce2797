//! Fields become attributes, and the `otel.*` fields what they name.

use opentelemetry::trace::SpanKind;
use tracing::{field, info_span};
use tracing_core_lite::span::data::{AnyValue, StatusData};

use crate::support::{plain, with};

#[test]
fn each_type_of_field_is_an_attribute() {
    let (spans, guard) = plain();
    let r#type = "raw";
    let span = info_span!(
        "work", str = "text", display = %"shown", debug = ?Some(1), int = -5_i64, small = 7_u64,
        large = u64::MAX, bool = true, double = 0.5, r#type, empty = field::Empty, later = field::Empty,
    );
    span.record("later", "recorded");
    drop(span);
    drop(guard);
    let span = spans.one("work");
    let text = |key| span.text(key).map(str::to_owned);
    assert_eq!(text("str").as_deref(), Some("text"));
    assert_eq!(text("display").as_deref(), Some("shown"));
    assert_eq!(text("debug").as_deref(), Some("Some(1)"));
    assert_eq!(text("large").as_deref(), Some("18446744073709551615"));
    assert_eq!(text("type").as_deref(), Some("raw"));
    assert_eq!(text("later").as_deref(), Some("recorded"));
    assert_eq!((span.int("int"), span.int("small")), (Some(-5), Some(7)));
    assert_eq!((span.bool("bool"), span.double("double")), (Some(true), Some(0.5)));
    assert_eq!(span.attribute("empty"), None);
    assert_eq!(span.attributes.len(), 10);
}

#[test]
fn a_second_value_replaces_the_first() {
    let (spans, guard) = plain();
    let span = info_span!("work", state = "new");
    span.record("state", "pending");
    span.in_scope(|| span.record("state", "done"));
    drop((span, guard));
    let span = spans.one("work");
    assert_eq!(span.attributes, [("state".to_owned(), AnyValue::String("done".into()))]);
}

#[test]
fn otel_fields_set_name_kind_and_status() {
    let rows: [(&str, &str, StatusData); 5] = [
        ("OK", "", StatusData::Ok),
        ("error", "", StatusData::Error(String::new())),
        ("ERROR", "card declined", StatusData::Error("card declined".into())),
        ("", "card declined", StatusData::Error("card declined".into())),
        ("unknown", "", StatusData::Unset),
    ];
    for (code, description, status) in rows {
        for entered in [false, true] {
            let (spans, guard) = plain();
            let span = info_span!(
                "work",
                otel.name = "charge",
                otel.kind = "Client",
                otel.status_code = field::Empty,
                otel.status_description = field::Empty,
                otel.other = 1,
            );
            let record = || {
                if !description.is_empty() {
                    span.record("otel.status_description", description);
                }
                span.record("otel.status_code", code);
            };
            if entered {
                span.in_scope(record)
            } else {
                record()
            }
            drop((span, guard));
            let span = spans.one("charge");
            assert_eq!((span.kind.clone(), &span.status), (SpanKind::Client, &status), "{code} {entered}");
            assert_eq!(span.attributes, [("otel.other".to_owned(), AnyValue::Int(1))]);
        }
    }
}

#[test]
fn name_and_kind_may_be_recorded_as_display_and_an_unknown_kind_is_internal() {
    let (spans, guard) = plain();
    info_span!("work", otel.name = %"GET /", otel.kind = ?SpanKind::Server).in_scope(|| {});
    info_span!("odd", otel.kind = "sideways").in_scope(|| {});
    drop(guard);
    assert_eq!(spans.one("GET /").kind, SpanKind::Server);
    assert_eq!(spans.one("odd").kind, SpanKind::Internal);
}

#[test]
fn optional_attributes_have_the_names_of_the_conventions() {
    let (spans, guard) = with(|layer| {
        layer
            .with_location(true)
            .with_threads(true)
            .with_target(true)
            .with_level(true)
            .with_tracked_inactivity(true)
    });
    info_span!(target: "shop::orders", "work").in_scope(|| {});
    let line = i64::from(line!()) - 1;
    drop(guard);
    let span = spans.one("work");
    assert!(span.text("code.file.path").is_some_and(|path| path.ends_with("attributes.rs")));
    assert_eq!(span.int("code.line.number"), Some(line));
    assert_eq!(span.text("target"), Some("shop::orders"));
    assert_eq!(span.text("level"), Some("INFO"));
    assert!(span.int("thread.id").is_some_and(|id| id > 0));
    assert_eq!(span.text("thread.name"), std::thread::current().name());
    assert!(span.int("busy_ns").is_some() && span.int("idle_ns").is_some());
    assert_eq!(span.attributes.len(), 8);
}
