//! Publishes a message through the RabbitMQ at `AMQP_URL`, such as `amqp://127.0.0.1:5672/%2f`, and processes it.
//! `cargo run -p examples --example amqp`
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;

use futures_util::StreamExt;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions,
};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Connection, ConnectionProperties};
use tracing_amqp::{Broker, Settings};
use tracing_core_lite::exporters::console::ConsoleExporter;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let _tracing = tracing_core_lite::init()
        .with_service_name("amqp-example")
        .with_exporter(ConsoleExporter::stdout())
        .start()?;
    examples::until_stopped(publish_and_process()).await
}

async fn publish_and_process() -> Result<(), Box<dyn Error>> {
    let url = std::env::var("AMQP_URL")?;
    let connection = Connection::connect(&url, ConnectionProperties::default()).await?;
    let channel = Broker::at(&url, Settings::new()).channel(connection.create_channel().await?);
    // Setup goes to the inner channel and creates no spans.
    channel.inner().confirm_select(ConfirmSelectOptions::default()).await?;
    let options = QueueDeclareOptions { auto_delete: true, ..Default::default() };
    channel.inner().queue_declare("example.email".into(), options, FieldTable::default()).await?;

    let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
    let confirm =
        channel.basic_publish("".into(), "example.email".into(), options, b"hello", properties).await?;
    println!("confirmed: {}", confirm.await?.is_ack());

    let options = BasicConsumeOptions::default();
    let mut consumer =
        channel.basic_consume("example.email".into(), "".into(), options, FieldTable::default()).await?;
    let delivery = consumer.next().await.ok_or("the queue was deleted")??;
    delivery
        .process(|delivery| async move {
            println!("received {}", String::from_utf8_lossy(&delivery.data));
            delivery.ack(BasicAckOptions::default()).await
        })
        .await?;
    Ok(())
}
