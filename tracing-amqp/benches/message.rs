//! The cost that the wrappers add to a message: in isolation, and with the broker of `AMQP_URL`. Each row creates its message, as
//! the bare row does, so the difference is the cost of the wrapper.

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use lapin::message::Delivery;
use lapin::options::{BasicPublishOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;
use tracing_amqp::{Broker, Settings};
use tracing_core_lite::TracerProvider;
use tracing_core_lite::exporters::Discard;
use tracing_core_lite::propagation::format_traceparent;
use tracing_core_lite::sampling::AlwaysOff;

const BODY: &[u8] = br#"{"order":4711}"#;

fn properties(headers: &[(&str, &str)]) -> BasicProperties {
    let mut table = FieldTable::default();
    for (name, value) in headers {
        table.insert((*name).into(), AMQPValue::LongString((*value).into()));
    }
    BasicProperties::default().with_content_type("application/json".into()).with_headers(table)
}

fn providers() -> [(&'static str, TracerProvider); 2] {
    let recording = TracerProvider::builder().with_exporter(Discard).build();
    let unsampled = TracerProvider::builder().with_sampler(AlwaysOff).with_exporter(Discard).build();
    [("sampled", recording.expect("a thread")), ("unsampled", unsampled.expect("a thread"))]
}

fn broker(provider: &TracerProvider) -> Broker {
    Broker::at("amqp://broker.internal/%2f", Settings::new().with_provider(provider))
}

/// Measures the span and the copy of the headers, below a request that is sampled or not.
fn publish(criterion: &mut Criterion) {
    for (headers, given) in
        [("no headers", BasicProperties::default()), ("a header", properties(&[("tenant", "7")]))]
    {
        let mut group = criterion.benchmark_group(format!("publish, {headers}"));
        group.bench_function("bare", |bencher| {
            bencher.iter(|| given.clone());
        });
        for (name, provider) in &providers() {
            let broker = broker(provider);
            let request = provider.tracer("bench").span("request").start();
            let _attached = request.in_context(&Context::new()).attach();
            group.bench_function(*name, |bencher| {
                bencher.iter(|| {
                    let (in_flight, properties) =
                        broker.publish("orders", "created", BODY.len(), given.clone());
                    in_flight.end();
                    properties
                });
            });
        }
    }
}

/// Measures reading the sender of a delivery, and the span of the work on it.
fn process(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("process");
    let deliver = |properties: &BasicProperties| {
        let mut delivery = Delivery::mock(1, "orders".into(), "created".into(), false, BODY.to_vec());
        delivery.properties = properties.clone();
        delivery
    };
    let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let bare = properties(&[("tenant", "7"), ("traceparent", traceparent)]);
    group.bench_function("bare", |bencher| {
        bencher.iter(|| deliver(&bare));
    });
    for (name, provider) in &providers() {
        let broker = broker(provider);
        let sender = provider.tracer("bench").span("publish").start();
        let sender = sender.in_context(&Context::new());
        let traceparent = format_traceparent(sender.span().span_context());
        let traceparent = std::str::from_utf8(&traceparent).expect("hexadecimal digits");
        let given = properties(&[("tenant", "7"), ("traceparent", traceparent)]);
        group.bench_function(*name, |bencher| {
            bencher.iter(|| broker.delivery(deliver(&given), "email").start_processing());
        });
    }
}

/// Measures a publish to a broker, without confirms, until the message is written.
fn against_a_broker(criterion: &mut Criterion) {
    let Ok(url) = std::env::var("AMQP_URL") else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let connecting = Connection::connect(&url, ConnectionProperties::default());
    let connection = runtime.block_on(connecting).expect("a connection");
    let channel = runtime.block_on(connection.create_channel()).expect("a channel");
    let queue = runtime.block_on(declare(&channel));
    let options = BasicPublishOptions::default();
    let mut group = criterion.benchmark_group("to a broker");
    group.measurement_time(Duration::from_secs(8));
    group.bench_function("bare", |bencher| {
        bencher.iter(|| {
            let (key, properties) = (queue.as_str().into(), properties(&[("tenant", "7")]));
            runtime.block_on(channel.basic_publish("".into(), key, options, BODY, properties))
        });
    });
    for (name, provider) in &providers() {
        let traced = Broker::at(&url, Settings::new().with_provider(provider)).channel(channel.clone());
        group.bench_function(*name, |bencher| {
            bencher.iter(|| {
                let (key, properties) = (queue.as_str().into(), properties(&[("tenant", "7")]));
                runtime.block_on(traced.basic_publish("".into(), key, options, BODY, properties))
            });
        });
    }
}

/// Declares a queue that keeps no message, and is deleted with the connection.
async fn declare(channel: &Channel) -> String {
    let options = QueueDeclareOptions { exclusive: true, ..QueueDeclareOptions::default() };
    let mut arguments = FieldTable::default();
    arguments.insert("x-max-length".into(), AMQPValue::LongInt(0));
    let declared = channel.queue_declare("".into(), options, arguments).await.expect("a queue");
    declared.name().as_str().to_owned()
}

criterion_group!(benches, publish, process, against_a_broker);
criterion_main!(benches);
