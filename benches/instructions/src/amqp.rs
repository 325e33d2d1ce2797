//! AMQP: the wrapper's own work on a message that is published and on one that is delivered, without a broker.

use lapin::BasicProperties;
use lapin::message::Delivery;
use lapin::types::{AMQPValue, FieldTable};
use tracing_amqp::{Broker, Settings};

use crate::case::{ALL_PARENTS, Case, Parent, Provider, SAMPLED_OR_NOT, Work, provided};

const BODY: &[u8] = br#"{"order":4711}"#;

pub fn cases() -> Vec<Case> {
    vec![
        Case { name: "AMQP, publish", parents: SAMPLED_OR_NOT, make: publish },
        Case { name: "AMQP, process a delivery", parents: ALL_PARENTS, make: process },
    ]
}

fn broker(provider: &Provider) -> Broker {
    Broker::at("amqp://broker.internal/%2f", provided!(Settings::new(), provider))
}

fn properties(headers: &[(&str, &str)]) -> BasicProperties {
    let mut table = FieldTable::default();
    for (name, value) in headers {
        table.insert((*name).into(), AMQPValue::LongString((*value).into()));
    }
    BasicProperties::default().with_content_type("application/json".into()).with_headers(table)
}

fn publish(parent: Parent, provider: Option<&Provider>) -> Work {
    parent.attach();
    let given = properties(&[("tenant", "7")]);
    let Some(provider) = provider else { return Work::new(move || drop(given.clone())) };
    let broker = broker(provider);
    Work::new(move || {
        let (in_flight, _properties) = broker.publish("orders", "created", BODY.len(), given.clone());
        in_flight.end();
    })
}

fn process(parent: Parent, provider: Option<&Provider>) -> Work {
    let given = match parent.traceparent() {
        Some(traceparent) => properties(&[("tenant", "7"), ("traceparent", traceparent)]),
        None => properties(&[("tenant", "7")]),
    };
    let deliver = move || {
        let mut delivery = Delivery::mock(1, "orders".into(), "created".into(), false, BODY.to_vec());
        delivery.properties = given.clone();
        delivery
    };
    let Some(provider) = provider else { return Work::new(move || drop(deliver())) };
    let broker = broker(provider);
    Work::new(move || drop(broker.delivery(deliver(), "email").start_processing()))
}
