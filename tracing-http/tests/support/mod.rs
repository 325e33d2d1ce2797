//! Servers on loopback ports, and connections that are written by hand.
#![allow(dead_code, reason = "each test uses some of it")]

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tracing_core_lite::span::data::{SpanData, Value};
use tracing_core_lite::testing::TestSpans;

/// A traceparent of a caller that sampled.
pub(crate) const SAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// A traceparent of a caller that did not.
pub(crate) const UNSAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

/// Serves `app`, with the address of the peer in the extensions.
pub(crate) async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// Sends `head` (lines; the empty one is added) and reads until the server closes.
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

/// A connection that has sent `head` and `connection: close`.
pub(crate) async fn open(address: SocketAddr, head: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut bytes = head.to_vec();
    bytes.extend_from_slice(b"\r\nConnection: close\r\n\r\n");
    stream.write_all(&bytes).await.unwrap();
    stream
}

/// Spans end on the server's task, maybe after the client has its answer.
pub(crate) async fn wait_for(spans: &TestSpans, count: usize) -> Vec<SpanData> {
    let spans = spans.clone();
    let finished = tokio::task::spawn_blocking(move || spans.wait_for(count)).await.unwrap();
    finished.into_iter().map(|finished| finished.span).collect()
}

/// The only span there is.
pub(crate) async fn only(spans: &TestSpans) -> SpanData {
    let mut all = wait_for(spans, 1).await;
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

/// Attributes as text, sorted.
pub(crate) fn attributes(span: &SpanData) -> Vec<String> {
    let mut lines: Vec<String> =
        span.attributes.iter().map(|(key, value)| format!("{key} = {}", text(value))).collect();
    lines.sort();
    lines
}

pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Int(number) => number.to_string(),
        Value::Bool(bool) => bool.to_string(),
        Value::Array(values) => format!("[{}]", values.iter().map(text).collect::<Vec<_>>().join(", ")),
        other => format!("{other:?}"),
    }
}

pub(crate) fn attribute(span: &SpanData, key: &str) -> Option<String> {
    span.attribute(key).map(text)
}
