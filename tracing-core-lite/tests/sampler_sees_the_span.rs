//! A sampler can ask about the attributes that a span starts with: of messaging clients, of the OpenTelemetry API, and of a
//! user's own list.
#![cfg(all(feature = "messaging", feature = "testing"))]

use std::sync::{Arc, Mutex};

use opentelemetry::trace::{SpanBuilder, Tracer as _};
use opentelemetry::{Context, InstrumentationScope, KeyValue};
use tracing_core_lite::TracerProvider;
use tracing_core_lite::messaging::{Client, Destination, MessagingOperation, OperationType, Peer, Settings};
use tracing_core_lite::sampling::{AttributeValue, Record, Sampler, SamplingDecision, SamplingInput};

/// Asks for these attributes, and notes the answers.
#[derive(Debug)]
struct Asking(&'static [&'static str], Mutex<Vec<Option<String>>>);

impl Sampler for Asking {
    fn sample(&self, input: &SamplingInput<'_>) -> SamplingDecision {
        let ask = |key: &&str| input.attribute(key).map(|value| value.into_text().into_owned());
        *self.1.lock().expect("no panic") = self.0.iter().map(ask).collect();
        Record::Drop.into()
    }

    fn description(&self) -> String {
        "Asking".to_owned()
    }
}

/// Starts something with a provider whose sampler asks for `keys`, and returns the answers.
fn answers(keys: &'static [&'static str], start: impl FnOnce(&TracerProvider)) -> Vec<Option<String>> {
    let asking = Arc::new(Asking(keys, Mutex::default()));
    let provider = TracerProvider::builder().with_sampler(Arc::clone(&asking)).build().expect("a thread");
    start(&provider);
    let found = asking.1.lock().expect("no panic");
    found.clone()
}

fn some(texts: &[&str]) -> Vec<Option<String>> {
    texts.iter().map(|text| Some((*text).to_owned())).collect()
}

#[test]
fn a_messaging_client() {
    let keys = &[
        "messaging.system",
        "messaging.operation.type",
        "messaging.operation.name",
        "messaging.destination.name",
        "messaging.consumer.group.name",
        "messaging.client.id",
        "server.address",
        "server.port",
        "messaging.destination.temporary",
    ];
    let found = answers(keys, |provider| {
        let scope = InstrumentationScope::builder("test").build();
        let peer =
            Peer::new().with_client_id("c1").with_consumer_group("billing").with_server("broker", Some(9092));
        let client = Client::new("kafka", scope, Settings::new().with_provider(provider), peer);
        let operation = MessagingOperation::new(OperationType::Process, Destination::new("orders"));
        drop(client.start(&operation, &Context::new(), |_| ()));
    });
    let mut expected = some(&["kafka", "process", "process", "orders", "billing", "c1", "broker", "9092"]);
    expected.push(None);
    assert_eq!(found, expected);
}

#[test]
fn the_opentelemetry_api() {
    let found = answers(&["shop.tier", "shop.items", "shop.vip", "unknown"], |provider| {
        let attributes = [
            KeyValue::new("shop.tier", "gold"),
            KeyValue::new("shop.items", 3),
            KeyValue::new("shop.vip", true),
        ];
        let builder = SpanBuilder::from_name("order").with_attributes(attributes);
        drop(provider.tracer("test").build_with_context(builder, &Context::new()));
    });
    let mut expected = some(&["gold", "3", "true"]);
    expected.push(None);
    assert_eq!(found, expected);
}

#[test]
fn a_list_of_the_user() {
    let found = answers(&["shop.tier", "unknown"], |provider| {
        let known = [("shop.tier", AttributeValue::from("gold"))];
        provider.tracer("test").span("order").with_parent(&Context::new()).with_request(&known).start().end();
    });
    assert_eq!(found, [Some("gold".to_owned()), None]);
}
