//! Sends a message through Kafka and processes it in the sender's trace. librdkafka's mock cluster replaces a broker.
//! `cargo run -p examples --example kafka`
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::convert::Infallible;
use std::error::Error;
use std::time::Duration;

use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::FutureRecord;
use rdkafka::{ClientConfig, Message};
use tracing_core_lite::exporters::console::ConsoleExporter;
use tracing_kafka::{Settings, TracedFutureProducer, TracedStreamConsumer};

const TOPIC: &str = "orders.created";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let _tracing = tracing_core_lite::init()
        .with_service_name("kafka-example")
        .with_exporter(ConsoleExporter::stdout())
        .start()?;
    examples::until_stopped(send_and_process()).await
}

async fn send_and_process() -> Result<(), Box<dyn Error>> {
    let cluster = MockCluster::new(1)?;
    cluster.create_topic(TOPIC, 1, 1)?;
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", cluster.bootstrap_servers()).set("client.id", "example");

    let producer: TracedFutureProducer = config.create()?;
    let record = FutureRecord::to(TOPIC).key("4711").payload("2 teapots");
    producer.send(record, Duration::from_secs(5)).await.map_err(|(error, _)| error)?;
    println!("sent");

    config.set("group.id", "notification").set("auto.offset.reset", "earliest");
    // Wraps an existing client. With its configuration, spans name the broker, the client and the group.
    let consumer: StreamConsumer = config.create()?;
    consumer.subscribe(&[TOPIC])?;
    let consumer = TracedStreamConsumer::with_config(consumer, &config, Settings::new());
    let message = consumer.recv().await?;
    message
        .process(|message| async move {
            println!("received {}", String::from_utf8_lossy(message.payload().unwrap_or_default()));
            Ok::<(), Infallible>(())
        })
        .await?;
    Ok(())
}
