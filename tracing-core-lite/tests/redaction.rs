//! Secrets are removed before spans are exported, whatever field they stand in.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value as Json;
use tracing_core_lite::pipeline::{Batch, ExportError, Exported, Exporter};
use tracing_core_lite::provider::{Resource, ResourceBuilder};
use tracing_core_lite::redaction::{Action, Detector, Redaction, RedactionStats};
use tracing_core_lite::span::data::{AnyValue, SpanData};
use tracing_core_lite::{Recorder, SpanContext, Status, TracerProvider, Value};

const TOKEN: &str = "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";

/// Keeps the bytes of what is exported.
#[derive(Debug, Clone, Default)]
struct Bytes(Arc<Mutex<Vec<Batch>>>);

impl Exporter for Bytes {
    fn export(&mut self, batch: &Batch, _deadline: Instant) -> Result<Exported, ExportError> {
        self.0.lock().unwrap().push(Batch::new(batch.request().clone(), batch.span_count()));
        Ok(Exported::default())
    }

    fn flush(&mut self, _deadline: Instant) -> Result<(), ExportError> {
        Ok(())
    }
}

impl Bytes {
    fn contain(&self, text: &str) -> bool {
        let contains =
            |batch: &Batch| batch.request().windows(text.len()).any(|window| window == text.as_bytes());
        self.0.lock().unwrap().iter().any(contains)
    }

    fn decoded(&self) -> Vec<SpanData> {
        let resources =
            self.0.lock().unwrap().iter().flat_map(|batch| batch.decode().unwrap()).collect::<Vec<_>>();
        resources
            .into_iter()
            .flat_map(|resource| resource.scope_spans)
            .flat_map(|scope| scope.spans)
            .collect()
    }
}

/// Exports one span that `write` fills in, beside an ordinary one.
fn export(redaction: &Redaction, resource: Resource, write: impl FnOnce(&mut Recorder<'_>)) -> Bytes {
    let bytes = Bytes::default();
    let provider = TracerProvider::builder()
        .with_resource(resource)
        .with_exporter(bytes.clone())
        .with_redaction(redaction.clone())
        .build()
        .unwrap();
    let tracer = provider.tracer("test");
    tracer.span("ordinary").start_with(|span| {
        span.set("http.request.method", "GET");
    });
    let span = tracer.span("work").start();
    span.record(write);
    span.end();
    provider.shutdown(Duration::from_secs(10)).unwrap();
    bytes
}

fn plain() -> Resource {
    ResourceBuilder::empty().with_service_name("shop").build()
}

#[test]
fn a_token_is_masked_in_every_field() {
    let linked = SpanContext::new(
        opentelemetry::trace::TraceId::from(7_u128),
        opentelemetry::trace::SpanId::from(7_u64),
        opentelemetry::trace::TraceFlags::SAMPLED,
        true,
        opentelemetry::trace::TraceState::default(),
    );
    let text = format!("x {TOKEN} y");
    type Write = Box<dyn Fn(&mut Recorder<'_>)>;
    let on = |write: fn(&mut Recorder<'_>, &str)| -> Write {
        let text = text.clone();
        Box::new(move |span| write(span, &text))
    };
    let link: Write = {
        let text = text.clone();
        Box::new(move |span| {
            span.add_link(&linked, &[("note", Value::from(text.as_str()))]);
        })
    };
    let places: Vec<(&str, Write)> = vec![
        ("attribute", on(|span, text| _ = span.set("note", text))),
        ("name", on(|span, text| _ = span.set_name(text))),
        ("status", on(|span, text| _ = span.set_status(Status::error(text.to_owned())))),
        ("event", on(|span, text| _ = span.add_event(text, &[]))),
        ("attribute of an event", on(|span, text| _ = span.add_event("e", &[("note", text.into())]))),
        ("exception", on(|span, text| _ = span.record_error(&std::io::Error::other(text)))),
        ("array", on(|span, text| _ = span.set("notes", &["a", text]))),
        ("link", link),
    ];
    for (place, write) in places {
        let redaction = Redaction::new();
        let bytes = export(&redaction, plain(), write);
        assert!(!bytes.contain(TOKEN), "{place}");
        assert!(bytes.contain("x REDACTED y"), "{place}");
        let stats = redaction.stats();
        assert!(stats.by_detector[&Detector::VendorToken] >= 1, "{place}");
        assert_eq!(bytes.decoded().len(), 2, "{place}");
    }
}

#[test]
fn the_resource_and_the_scope_are_redacted_too() {
    let redaction = Redaction::new();
    let resource = ResourceBuilder::empty()
        .with_attribute("deploy.token", "opaque")
        .with_attribute("deploy.note", TOKEN)
        .build();
    let bytes = export(&redaction, resource, |_| ());
    assert!(!bytes.contain("opaque") && !bytes.contain(TOKEN));
    assert_eq!(redaction.stats().by_key.keys().collect::<Vec<_>>(), ["deploy.note", "deploy.token"]);
}

#[test]
fn values_of_denied_keys_are_masked_whatever_their_type() {
    let redaction = Redaction::new().with_denied_key("customer.*").with_allowed_key("csrf.token");
    let bytes = export(&redaction, plain(), |span| {
        span.set("db.password", "opaque-1")
            .set("card.cvv", 739_i64)
            .set("customer.name", "Ann")
            .set("csrf.token", TOKEN);
        span.set("gen_ai.usage.input_tokens", 17_i64);
    });
    let decoded = bytes.decoded();
    let span = decoded.iter().find(|span| span.name == "work").unwrap();
    let value =
        |key: &str| span.attributes.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone());
    let masked = Some(AnyValue::String("REDACTED".into()));
    assert_eq!(value("db.password"), masked);
    assert_eq!(value("card.cvv"), masked);
    assert_eq!(value("customer.name"), masked);
    assert_eq!(value("csrf.token"), Some(AnyValue::String(TOKEN.into())));
    assert_eq!(value("gen_ai.usage.input_tokens"), Some(AnyValue::Int(17)));
    assert_eq!(redaction.stats().by_detector[&Detector::DeniedKey], 3);
}

#[test]
fn actions_drop_or_shorten() {
    for (action, expected) in [
        (Action::Mask, Some("REDACTED".to_owned())),
        (Action::Drop, None),
        (Action::KeepLastFour, Some(format!("{}INUx", "*".repeat(TOKEN.len() - 4)))),
    ] {
        let redaction =
            Redaction::new().with_action(Action::Drop).with_action_for(Detector::VendorToken, action);
        let bytes = export(&redaction, plain(), |span| {
            span.set("note", TOKEN).set("kept", 1_i64);
        });
        let decoded = bytes.decoded();
        let span = decoded.iter().find(|span| span.name == "work").unwrap();
        let note = span.attributes.iter().find(|(key, _)| key == "note").map(|(_, value)| value.clone());
        assert_eq!(note, expected.map(AnyValue::String));
        assert!(span.attributes.iter().any(|(key, _)| key == "kept"));
    }
}

#[test]
fn ordinary_spans_keep_their_bytes_and_off_redacts_nothing() {
    for redaction in [Redaction::new(), Redaction::off()] {
        let bytes = export(&redaction, plain(), |span| {
            span.set("url.path", "/orders/17").set("order.id", "8f14e45f-ceea-467f-a0e6-1c2d3e4f5a6b");
        });
        assert!(bytes.contain("8f14e45f-ceea-467f-a0e6-1c2d3e4f5a6b"));
        assert_eq!(redaction.stats(), RedactionStats::default());
    }
    let bytes = export(&Redaction::off(), plain(), |span| _ = span.set("password", TOKEN));
    assert!(bytes.contain(TOKEN));
}

#[test]
fn counted_keys_are_bounded() {
    let redaction = Redaction::new();
    let bytes = Bytes::default();
    let provider =
        TracerProvider::builder().with_exporter(bytes).with_redaction(redaction.clone()).build().unwrap();
    for number in 0..1000 {
        provider.tracer("test").span("work").start_with(|span| _ = span.set(&format!("k{number}"), TOKEN));
    }
    provider.shutdown(Duration::from_secs(10)).unwrap();
    let stats = redaction.stats();
    assert_eq!(stats.total(), 1000);
    assert!(stats.by_key.len() <= 201);
}

/// The corpus of secrets, with the preset that catches each.
fn corpus() -> Vec<Json> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../test-vectors/redaction/secrets.jsonl");
    std::fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Returns the ids of the secrets that `redaction` does not remove, of those that `selects` selects.
fn missed(redaction: &Redaction, selects: impl Fn(&Json) -> bool) -> (usize, Vec<u64>) {
    let mut of = 0;
    let mut missed = Vec::new();
    for secret in corpus().iter().filter(|secret| selects(secret)) {
        of += 1;
        let text = |field: &str| secret[field].as_str().unwrap();
        let bytes = export(redaction, plain(), |span| {
            if secret["disguise"] == "array value" {
                span.set(text("key"), &["other", text("value")]);
            } else {
                span.set(text("key"), text("value"));
            }
        });
        if bytes.contain(text("secret")) {
            missed.push(secret["id"].as_u64().unwrap());
        }
    }
    (of, missed)
}

#[test]
fn the_default_catches_every_secret_with_a_known_prefix_or_a_denied_key() {
    let (of, missed) = missed(&Redaction::new(), |secret| secret["caught_by"] == "default");
    assert!(of > 200);
    assert_eq!(missed, Vec::<u64>::new());
}

#[cfg(feature = "redaction")]
mod personal_data {
    use super::*;

    #[test]
    fn the_preset_catches_the_corpus() {
        let (of, missed) = missed(&Redaction::pii(), |secret| secret["caught_by"] != "phone");
        assert!(of > 400);
        assert_eq!(missed, Vec::<u64>::new());
    }

    #[test]
    fn telephone_numbers_are_found_on_request() {
        let phones = |secret: &Json| secret["caught_by"] == "phone";
        assert_eq!(missed(&Redaction::pii().with_detector(Detector::Phone), phones).1, Vec::<u64>::new());
        assert!(!missed(&Redaction::pii(), phones).1.is_empty());
    }

    #[test]
    fn equal_secrets_have_equal_hashes() {
        let hash = |key: &str, address: &str| {
            let redaction = Redaction::pii().with_action(Action::hash(key));
            let bytes = export(&redaction, plain(), |span| _ = span.set("note", address));
            assert!(!bytes.contain(address));
            let decoded = bytes.decoded();
            let spans = decoded.iter();
            spans.flat_map(|span| &span.attributes).find(|(key, _)| key == "note").unwrap().1.clone()
        };
        assert_eq!(hash("one", "ann@example.com"), hash("one", "ann@example.com"));
        assert_ne!(hash("one", "ann@example.com"), hash("one", "bob@example.com"));
        assert_ne!(hash("one", "ann@example.com"), hash("two", "ann@example.com"));
        assert!(!format!("{:?}", Action::hash("one")).contains("one"));
    }
}
