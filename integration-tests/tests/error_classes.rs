//! The same I/O error has the same `error.type` in every crate, and no class comes from a text.
#![allow(clippy::unwrap_used)]

use std::error::Error;
use std::io::{self, ErrorKind};
use std::sync::Arc;

use http::{Request, Response};
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode as Code;
use redis::aio::ConnectionLike;
use redis::{Cmd, Pipeline, RedisError, RedisFuture, Value};
use tower::{Layer, ServiceExt, service_fn};
use tracing_core_lite::testing::TestSpans;

type BoxError = Box<dyn Error + Send + Sync>;

/// One I/O error, the class that it has everywhere, and what librdkafka makes of it, if it tells.
struct Row {
    error: fn() -> io::Error,
    class: &'static str,
    kafka: Option<Code>,
}

const fn kind(error: fn() -> io::Error, class: &'static str) -> Row {
    Row { error, class, kafka: None }
}

const ROWS: &[Row] = &[
    Row { kafka: Some(Code::OperationTimedOut), ..kind(|| ErrorKind::TimedOut.into(), "timeout") },
    Row { kafka: Some(Code::MessageTimedOut), ..kind(|| ErrorKind::WouldBlock.into(), "timeout") },
    Row { kafka: Some(Code::Resolve), ..kind(no_such_host, "dns_error") },
    kind(|| ErrorKind::ConnectionRefused.into(), "connection_refused"),
    kind(|| ErrorKind::ConnectionReset.into(), "connection_reset"),
    kind(|| ErrorKind::ConnectionAborted.into(), "connection_aborted"),
    kind(|| ErrorKind::NotConnected.into(), "connection_closed"),
    kind(|| ErrorKind::UnexpectedEof.into(), "connection_closed"),
    kind(|| ErrorKind::BrokenPipe.into(), "broken_pipe"),
    kind(|| ErrorKind::HostUnreachable.into(), "host_unreachable"),
    kind(|| ErrorKind::NetworkUnreachable.into(), "network_unreachable"),
    kind(|| ErrorKind::NetworkDown.into(), "network_down"),
    kind(|| ErrorKind::AddrInUse.into(), "address_in_use"),
    kind(|| ErrorKind::AddrNotAvailable.into(), "address_not_available"),
    kind(|| ErrorKind::Interrupted.into(), "interrupted"),
    kind(|| ErrorKind::InvalidData.into(), "invalid_data"),
    kind(|| ErrorKind::InvalidInput.into(), "invalid_input"),
    kind(|| ErrorKind::PermissionDenied.into(), "permission_denied"),
    kind(|| ErrorKind::NotFound.into(), "not_found"),
    kind(|| ErrorKind::WriteZero.into(), "write_zero"),
    kind(|| ErrorKind::Unsupported.into(), "unsupported"),
    kind(|| ErrorKind::OutOfMemory.into(), "out_of_memory"),
    kind(|| io::Error::other(io::Error::from(ErrorKind::ConnectionReset)), "connection_reset"),
    kind(|| io::Error::new(ErrorKind::ConnectionReset, "timed out: dns error"), "connection_reset"),
    kind(|| io::Error::other("operation timed out"), "io_error"),
    kind(|| io::Error::other("invalid peer certificate"), "io_error"),
    kind(|| io::Error::from_raw_os_error(i32::MAX), "io_error"),
];

/// A label of a name has at most 63 bytes, so no server is asked.
fn no_such_host() -> io::Error {
    use std::net::ToSocketAddrs;
    let host = "x".repeat(70);
    (host.as_str(), 80).to_socket_addrs().unwrap_err()
}

#[tokio::test]
async fn the_same_io_error_has_the_same_class_in_every_crate() {
    for Row { error, class, kafka } in ROWS {
        let mut columns = vec![
            ("core", tracing_core_lite::error_class::of_io(&error()).to_owned()),
            ("http", http(error()).await),
            ("grpc", grpc(error()).await),
            ("sql", tracing_sql::layer_support::error_class(&sqlx_core::Error::Io(error())).into_owned()),
            ("redis", redis(error()).await),
            ("amqp", amqp(error())),
        ];
        columns.extend(kafka.map(|code| ("kafka", kafka_class(code))));
        for (name, found) in columns {
            assert_eq!(found, *class, "{name}: {:?}", error());
        }
    }
}

#[test]
fn shared_words_for_what_is_no_io_error() {
    let tls = sqlx_core::Error::Tls("the certificate is not valid".into());
    assert_eq!(tracing_sql::layer_support::error_class(&tls), "tls_error");
    assert_eq!(kafka_class(Code::SSL), "tls_error");
    assert_eq!(kafka_class(Code::BrokerTransportFailure), "connection_failed");
    assert_eq!(tracing_kafka::layer_support::error_class(&KafkaError::Canceled), "cancelled");
}

fn error_type(spans: &TestSpans) -> String {
    let span = spans.finished().pop().unwrap().span;
    assert!(span.is_error(), "{span:?}");
    span.text("error.type").unwrap().to_owned()
}

async fn http(error: io::Error) -> String {
    let spans = TestSpans::new();
    let mut error = Some(error);
    let service = service_fn(move |_: Request<String>| {
        let error = error.take().unwrap();
        async { Err::<Response<String>, BoxError>(error.into()) }
    });
    let layer = tracing_http::client::ClientLayer::new().with_provider(spans.provider()).with_boxed_errors();
    layer.layer(service).oneshot(Request::new(String::new())).await.unwrap_err();
    error_type(&spans)
}

async fn grpc(error: io::Error) -> String {
    let spans = TestSpans::new();
    let mut error = Some(error);
    let service = service_fn(move |_: Request<String>| {
        let error = error.take().unwrap();
        async { Err::<Response<String>, BoxError>(error.into()) }
    });
    let layer = tracing_grpc::client::ClientLayer::new().with_provider(spans.provider());
    layer.layer(service).oneshot(Request::new(String::new())).await.unwrap_err();
    error_type(&spans)
}

async fn redis(error: io::Error) -> String {
    let spans = TestSpans::new();
    let mut connection =
        tracing_redis::TracedRedis::new(Failing(error.into())).with_provider(spans.provider());
    redis::cmd("PING").query_async::<()>(&mut connection).await.unwrap_err();
    error_type(&spans)
}

/// A connection whose commands fail.
struct Failing(RedisError);

impl ConnectionLike for Failing {
    fn req_packed_command<'a>(&'a mut self, _: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(std::future::ready(Err(self.0.clone())))
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        _: &'a Pipeline,
        _: usize,
        _: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(std::future::ready(Err(self.0.clone())))
    }

    fn get_db(&self) -> i64 {
        0
    }
}

fn amqp(error: io::Error) -> String {
    let error = lapin::Error::from(lapin::ErrorKind::IOError(Arc::new(error)));
    tracing_amqp::layer_support::error_class(&error).to_owned()
}

fn kafka_class(code: Code) -> String {
    tracing_kafka::layer_support::error_class(&KafkaError::MessageProduction(code)).into_owned()
}
