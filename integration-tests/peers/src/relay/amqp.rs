//! AMQP with lapin.

use std::io;

use futures_util::StreamExt;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Connection, ConnectionProperties};
use tower::BoxError;
use tracing_amqp::{Broker, Settings, TracedChannel};

use super::Relay;
use crate::message::{Hop, Transport};

async fn open(relay: &Relay) -> Result<(Connection, TracedChannel), BoxError> {
    let url = std::env::var("AMQP_URL").map_err(|_| "AMQP_URL is not set")?;
    let connection = Connection::connect(&url, ConnectionProperties::default()).await?;
    let settings = Settings::new().with_provider(relay.spans().provider());
    let channel = Broker::at(&url, settings).channel(connection.create_channel().await?);
    channel.inner().confirm_select(ConfirmSelectOptions::default()).await?;
    Ok((connection, channel))
}

pub(super) async fn receive(relay: &Relay) -> Result<(), BoxError> {
    let queue = relay.0.name.as_str();
    let (connection, channel) = open(relay).await?;
    let options = QueueDeclareOptions::default();
    channel.inner().queue_declare(queue.into(), options, FieldTable::default()).await?;
    let options = BasicConsumeOptions::default();
    let mut consumer = channel.basic_consume(queue.into(), "".into(), options, FieldTable::default()).await?;
    let relay = relay.clone();
    tokio::spawn(async move {
        let _connection = connection;
        while let Some(Ok(delivery)) = consumer.next().await {
            let outcome = delivery.process(async |delivery| {
                let body = String::from_utf8_lossy(&delivery.data).into_owned();
                let headers = delivery.properties.headers().clone().unwrap_or_default();
                let outcome = relay.received(Transport::Amqp, |name| values(&headers, name), body).await;
                outcome.map_err(io::Error::other)?;
                delivery.ack(BasicAckOptions::default()).await.map_err(io::Error::other)?;
                Ok::<(), io::Error>(())
            });
            if outcome.await.is_err() {
                break;
            }
        }
    });
    Ok(())
}

fn values(headers: &FieldTable, name: &str) -> Vec<String> {
    match headers.inner().get(name) {
        Some(AMQPValue::LongString(text)) => vec![text.to_string()],
        Some(AMQPValue::ShortString(text)) => vec![text.to_string()],
        _ => Vec::new(),
    }
}

pub(super) async fn send(relay: &Relay, hop: &Hop, body: &str) -> Result<(), BoxError> {
    let (_connection, channel) = open(relay).await?;
    for _ in 0..hop.count.max(1) {
        let mut headers = FieldTable::default();
        headers.insert("tenant".into(), AMQPValue::LongString("7".into()));
        let properties = BasicProperties::default().with_headers(headers);
        let options = BasicPublishOptions::default();
        let confirm =
            channel.basic_publish("".into(), hop.to.as_str().into(), options, body.as_bytes(), properties);
        if !confirm.await?.await?.is_ack() {
            return Err("the broker did not accept the message".into());
        }
    }
    Ok(())
}
