//! Sends an order that cannot be processed to a retry topic, then to a dead-letter topic, and prints its spans.
//!
//! `cargo run -p tracing-kafka --example retries` runs it on librdkafka's own cluster, in this process.
#![allow(clippy::print_stdout, reason = "it shows something")]

use std::io;
use std::time::Duration;

use rdkafka::consumer::{CommitMode, Consumer};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::FutureRecord;
use rdkafka::{ClientConfig, Message};
use tracing_core_lite::TracerProvider;
use tracing_core_lite::exporters::console::ConsoleExporter;
use tracing_kafka::{CarrierMessage, Received, TracedFutureProducer, TracedStreamConsumer};

const TOPICS: [&str; 3] = ["orders", "orders.retry", "orders.dead"];
const TIMEOUT: Duration = Duration::from_secs(5);

async fn work<M: CarrierMessage>(message: &Received<M>) -> Result<(), io::Error> {
    let attempt = message.origin().attempt().number();
    println!("attempt {attempt} at a message of {}", message.topic());
    Err(io::Error::other("out of stock"))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cluster = MockCluster::new(1)?;
    for topic in TOPICS {
        cluster.create_topic(topic, 1, 1)?;
    }
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", cluster.bootstrap_servers()).set("group.id", "shop");
    config.set("auto.offset.reset", "earliest");

    let provider = TracerProvider::builder().with_exporter(ConsoleExporter::stdout()).build()?;
    provider.install();
    let producer: TracedFutureProducer = config.create()?;
    let consumer: TracedStreamConsumer = config.create()?;
    consumer.subscribe(&TOPICS)?;

    let order = FutureRecord::to(TOPICS[0]).key("4711").payload("an order");
    producer.send(order, TIMEOUT).await.map_err(|(error, _)| error)?;
    for next in TOPICS.iter().skip(1) {
        let message = consumer.recv().await?;
        let failed = message.process(|message| async {
            let outcome = work(message).await;
            if outcome.is_err() {
                // Sent within the work that failed, so the previous attempt is its parent.
                let again = FutureRecord::<[u8], [u8]> {
                    payload: message.payload(),
                    key: message.key(),
                    ..FutureRecord::to(next)
                };
                let again = again.headers(message.retry_headers());
                producer.send(again, TIMEOUT).await.map_err(|(error, _)| io::Error::other(error))?;
            }
            outcome
        });
        println!("  {:?}", failed.await);
        consumer.commit_message(&message, CommitMode::Sync)?;
    }
    let dead = consumer.recv().await?;
    dead.start_processing().end();
    println!("dead after attempt {}", dead.origin().attempt().number());
    provider.shutdown(TIMEOUT)?;
    Ok(())
}
