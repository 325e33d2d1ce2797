//! Header tables of AMQP messages, `x-death` among them: deliveries are processed, and published again.

#![no_main]

use std::sync::LazyLock;

use fuzz::{Input, recorded};
use lapin::BasicProperties;
use lapin::message::Delivery;
use lapin::types::{AMQPValue, DecimalValue, FieldArray, FieldTable, ShortString};
use libfuzzer_sys::fuzz_target;
use tracing_amqp::attribute::DEAD_LETTER_QUEUE;
use tracing_amqp::{Broker, Settings};
use tracing_core_lite::propagation::Propagator;

static FORMATS: LazyLock<Propagator> = LazyLock::new(|| {
    let names = "tracecontext,baggage,b3,b3multi,jaeger,xray,ottrace,datadog";
    Propagator::from_names(names).expect("known names")
});

const NAMES: [&str; 16] = [
    "x-death", "X-Death", "x-first-death-queue", "count", "reason", "queue", "exchange", "routing-keys", "traceparent",
    "tracestate", "baggage", "b3", "uber-trace-id", "x-attempt", "x-first-traceparent", "time",
];
const TEXTS: [&str; 6] = ["rejected", "expired", "maxlen", "delivery_limit", "orders", ""];

fn short(input: &mut Input<'_>) -> ShortString {
    let text = match NAMES.get(usize::from(input.byte())) {
        Some(name) => (*name).to_owned(),
        None => input.text(),
    };
    ShortString::try_new(text).unwrap_or_default()
}

fn value(input: &mut Input<'_>, depth: usize) -> AMQPValue {
    match input.byte() % 20 {
        0 => AMQPValue::Boolean(input.byte() % 2 == 0),
        1 => AMQPValue::LongInt(input.number() as i32),
        2 => AMQPValue::LongUInt(input.number() as u32),
        3 => AMQPValue::LongLongInt(input.number() as i64),
        4 => AMQPValue::Double(f64::from_bits(input.number())),
        5 => AMQPValue::DecimalValue(DecimalValue { scale: input.byte(), value: input.number() as u32 }),
        6 => AMQPValue::ShortString(short(input)),
        7 => AMQPValue::Timestamp(input.number()),
        8 => AMQPValue::ByteArray(input.bytes().to_vec().into()),
        9 => AMQPValue::Void,
        10..=12 if depth < 6 => AMQPValue::FieldTable(table(input, depth + 1)),
        13..=15 if depth < 6 => {
            let items = (0..input.below(40)).map(|_| value(input, depth + 1)).collect::<Vec<_>>();
            AMQPValue::FieldArray(FieldArray::from(items))
        }
        16 | 17 => AMQPValue::LongString(TEXTS[input.below(TEXTS.len())].into()),
        _ => AMQPValue::LongString(input.bytes().to_vec().into()),
    }
}

fn table(input: &mut Input<'_>, depth: usize) -> FieldTable {
    let mut table = FieldTable::default();
    for _ in 0..input.below(12) {
        if input.is_empty() {
            break;
        }
        table.insert(short(input), value(input, depth));
    }
    table
}

fuzz_target!(|data: &[u8]| {
    let mut input = Input::new(data);
    let (exchange, routing_key) = (short(&mut input), short(&mut input));
    let mut properties = BasicProperties::default().with_message_id(short(&mut input));
    if input.byte() % 4 != 0 {
        properties = properties.with_timestamp(input.number());
    }
    let deaths = (0..input.below(4)).map(|_| AMQPValue::FieldTable(table(&mut input, 1))).collect::<Vec<_>>();
    let mut headers = table(&mut input, 0);
    if !deaths.is_empty() {
        headers.insert("x-death".into(), AMQPValue::FieldArray(FieldArray::from(deaths)));
    }
    let properties = properties.with_headers(headers);
    let spans = recorded(|provider| {
        let settings = Settings::new().with_provider(provider).with_propagator(FORMATS.clone()).with_body_sizes(true);
        let broker = Broker::new(settings, Default::default());
        let mut delivery = Delivery::mock(1, exchange, routing_key, data.len() % 2 == 0, data.to_vec());
        delivery.properties = properties;
        let processing = broker.delivery(delivery, "orders").start_processing();
        let (_sending, published) = broker.publish("", "retry", 0, processing.properties_for_retry());
        assert!(published.headers().is_some());
    });
    let process = spans.iter().find(|span| span.name.starts_with("process")).expect("it was processed");
    assert!(process.text(DEAD_LETTER_QUEUE).is_none_or(|queue| queue.len() <= 255));
});
