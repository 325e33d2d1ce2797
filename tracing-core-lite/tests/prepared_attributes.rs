//! Prepared attributes have the same effect as attributes that are set one by one.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use tracing_core_lite::exporters::MemoryExporter;
use tracing_core_lite::layer_support::PreparedAttributes;
use tracing_core_lite::sampling::AlwaysOn;
use tracing_core_lite::span::SpanLimits;
use tracing_core_lite::span::data::SpanData;
use tracing_core_lite::{Context, Recorder, TracerProvider};

type Texts = Vec<(String, String)>;

/// Returns the content of a span after `write`.
fn recorded(limits: &SpanLimits, write: impl FnOnce(&mut Recorder<'_>)) -> SpanData {
    let exporter = MemoryExporter::new();
    let provider = TracerProvider::builder()
        .with_sampler(AlwaysOn)
        .with_span_limits(limits.clone())
        .with_exporter(exporter.clone());
    let provider = provider.build().expect("it has no threads to fail");
    provider.tracer("test").span("span").with_parent(&Context::new()).start_with(write).end();
    provider.flush(std::time::Duration::from_secs(10)).expect("memory takes everything");
    exporter.finished().remove(0).span
}

fn prepared(texts: &Texts) -> PreparedAttributes {
    let mut prepared = PreparedAttributes::new();
    for (key, text) in texts {
        prepared.set(key, text);
    }
    prepared
}

fn texts() -> impl Strategy<Value = Texts> {
    vec(("[a-f]{1,2}", prop_oneof!["[a-zä]{0,20}", "x{120,140}"]), 0..8).prop_map(|mut texts: Texts| {
        let all = texts.clone();
        let mut index = 0;
        // A key that is prepared twice is counted once, even with narrow limits.
        texts.retain(|(key, _)| {
            index += 1;
            !all[index..].iter().any(|(later, _)| later == key)
        });
        texts
    })
}

fn limits() -> impl Strategy<Value = SpanLimits> {
    (option::of(0..20_u32), option::of(0..30_usize), option::of(0..400_usize)).prop_map(
        |(attributes, value_length, span_bytes)| {
            let defaults = SpanLimits::default();
            defaults
                .clone()
                .with_attributes(attributes.unwrap_or(defaults.attributes))
                .with_span_bytes(span_bytes.unwrap_or(defaults.span_bytes))
                .with_value_length(value_length)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_same_is_recorded(limits in limits(), before in texts(), texts in texts(), after in texts()) {
        let set_each = |span: &mut Recorder<'_>, texts: &Texts| {
            for (key, text) in texts {
                span.set(key, text);
            }
        };
        let alone = recorded(&limits, |span| {
            for texts in [&before, &texts, &after] {
                set_each(span, texts);
            }
        });
        let together = recorded(&limits, |span| {
            set_each(span, &before);
            span.set_prepared(&prepared(&texts));
            set_each(span, &after);
        });
        prop_assert_eq!(&together.attributes, &alone.attributes);
        prop_assert_eq!(together.dropped_attributes_count, alone.dropped_attributes_count);
    }
}

#[test]
fn a_later_value_replaces_an_earlier_one() {
    let mut server = PreparedAttributes::new();
    server.set("server.address", "old").set("server.port", 1).set("", "nothing");
    server.set("server.address", "db.example").set_some("server.port", None::<i64>);
    let span = recorded(&SpanLimits::default(), |span| {
        span.set("server.port", 2).set_prepared(&server).set("server.address", "other.example");
        span.set_prepared(&PreparedAttributes::new());
    });
    assert_eq!(span.text("server.address"), Some("other.example"));
    assert_eq!(span.int("server.port"), Some(1));
    assert_eq!((span.attributes.len(), span.dropped_attributes_count), (2, 0));
}

#[test]
fn a_copy_does_not_change_with_its_original() {
    let mut server = PreparedAttributes::new();
    server.set("server.address", "db.example");
    let copy = server.clone();
    server.set("server.address", "other.example");
    let span = recorded(&SpanLimits::default(), |span| {
        span.set_prepared(&copy);
    });
    assert_eq!(span.text("server.address"), Some("db.example"));
}
