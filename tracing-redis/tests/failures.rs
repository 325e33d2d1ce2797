//! Commands that fail or are given up.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use redis::AsyncCommands;
use support::{client, connect, key};
use tracing_core_lite::span::data::StatusData;
use tracing_core_lite::testing::TestSpans;
use tracing_redis::TracedRedis;

#[tokio::test]
async fn an_error_of_the_server() {
    let (spans, mut connection) = connect().await;
    let key = key("wrong-type");
    let () = connection.set(&key, "text").await.unwrap();
    connection.llen::<_, i64>(&key).await.unwrap_err();
    let span = spans.finished().pop().unwrap().span;
    assert_eq!(span.status, StatusData::Error(String::new()), "the message may hold keys");
    assert_eq!(span.text("error.type"), Some("WRONGTYPE"));
    assert_eq!(span.text("db.response.status_code"), Some("WRONGTYPE"));
    let () = connection.del(&key).await.unwrap();
}

#[tokio::test]
async fn a_cancelled_command() {
    let (spans, mut connection) = connect().await;
    let key = key("empty-list");
    {
        let pop = connection.blpop::<_, Option<(String, String)>>(&key, 5.0);
        tokio::time::timeout(Duration::from_millis(50), pop).await.unwrap_err();
    }
    let span = spans.finished().pop().unwrap().span;
    assert_eq!(span.text("db.operation.name"), Some("BLPOP"));
    assert_eq!(span.text("error.type"), Some("cancelled"));
    assert_eq!(span.events[0].name, "cancelled");
}

#[tokio::test]
async fn a_response_that_takes_too_long() {
    let spans = TestSpans::new();
    let config = redis::AsyncConnectionConfig::new().set_response_timeout(Some(Duration::from_millis(50)));
    let connection = client().get_multiplexed_async_connection_with_config(&config).await.unwrap();
    let mut connection = TracedRedis::new(connection).with_provider(spans.provider());
    connection.blpop::<_, Option<(String, String)>>(key("never"), 5.0).await.unwrap_err();
    let span = spans.finished().pop().unwrap().span;
    assert_eq!(span.text("error.type"), Some("timeout"));
    assert_eq!(span.text("db.response.status_code"), None);
}

#[tokio::test]
async fn a_server_that_went_away() {
    let spans = TestSpans::new();
    // A server that takes the handshake, answers the first command, and hangs up.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut seen = Vec::new();
        loop {
            let mut bytes = [0; 512];
            let count = stream.read(&mut bytes).await.unwrap();
            seen.extend_from_slice(&bytes[..count]);
            if seen.windows(3).any(|window| window == b"GET") {
                return;
            }
            let commands = bytes[..count].iter().filter(|byte| **byte == b'*').count();
            stream.write_all("+OK\r\n".repeat(commands).as_bytes()).await.unwrap();
        }
    });
    let client = redis::Client::open(format!("redis://127.0.0.1:{port}/")).unwrap();
    let connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut connection = TracedRedis::new(connection).with_provider(spans.provider()).with_server_of(&client);
    connection.get::<_, Option<String>>("key").await.unwrap_err();
    let span = spans.finished().pop().unwrap().span;
    assert_eq!(span.name, format!("GET 127.0.0.1:{port}"));
    // The client reports it in one of these ways, depending on what it was doing at that moment.
    let class = span.text("error.type").unwrap();
    assert!(["broken_pipe", "connection_closed", "connection_reset"].contains(&class), "{class}");
}
