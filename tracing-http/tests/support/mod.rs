//! Servers on loopback ports, and raw connections.
#![allow(dead_code, reason = "each test uses some of it")]

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tracing_core_lite::span::data::{AnyValue, SpanData};
use tracing_core_lite::testing::TestSpans;

/// A traceparent whose sampled flag is set.
pub(crate) const SAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// A traceparent whose sampled flag is not set.
pub(crate) const UNSAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

/// Serves `app`, with the peer's address in the request extensions.
pub(crate) async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// Sends `head` (lines, followed by an empty one) and reads until the server closes the connection.
pub(crate) async fn send(address: SocketAddr, head: &str) -> String {
    String::from_utf8_lossy(&send_bytes(address, head.as_bytes()).await).into_owned()
}

pub(crate) async fn send_bytes(address: SocketAddr, head: &[u8]) -> Vec<u8> {
    let mut stream = open(address, head).await;
    let mut answer = Vec::new();
    let _closed =
        tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await.unwrap();
    answer
}

/// Opens a connection and sends `head` and `connection: close`.
pub(crate) async fn open(address: SocketAddr, head: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut bytes = head.to_vec();
    bytes.extend_from_slice(b"\r\nConnection: close\r\n\r\n");
    stream.write_all(&bytes).await.unwrap();
    stream
}

/// Waits, because spans end on the server's task, possibly after the client has received the response.
pub(crate) async fn wait_for(spans: &TestSpans, count: usize) -> Vec<SpanData> {
    let spans = spans.clone();
    let finished = tokio::task::spawn_blocking(move || spans.wait_for(count)).await.unwrap();
    finished.into_iter().map(|finished| finished.span).collect()
}

/// Returns the only span.
pub(crate) async fn only(spans: &TestSpans) -> SpanData {
    let mut all = wait_for(spans, 1).await;
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

/// Returns the attributes as text, sorted.
pub(crate) fn attributes(span: &SpanData) -> Vec<String> {
    let mut lines: Vec<String> =
        span.attributes.iter().map(|(key, value)| format!("{key} = {}", text(value))).collect();
    lines.sort();
    lines
}

pub(crate) fn text(value: &AnyValue) -> String {
    match value {
        AnyValue::String(text) => text.clone(),
        AnyValue::Int(number) => number.to_string(),
        AnyValue::Bool(bool) => bool.to_string(),
        AnyValue::Array(values) => format!("[{}]", values.iter().map(text).collect::<Vec<_>>().join(", ")),
        other => format!("{other:?}"),
    }
}

pub(crate) fn attribute(span: &SpanData, key: &str) -> Option<String> {
    span.attribute(key).map(text)
}
