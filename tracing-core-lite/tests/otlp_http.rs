//! OTLP over HTTP against a real socket: the requests, and the meaning of each response.
#![cfg(all(feature = "otlp-http", feature = "testing"))]
#![allow(clippy::unwrap_used)]

mod requests;

use std::net::TcpListener;
use std::time::{Duration, Instant, SystemTime};

use tracing_core_lite::exporters::otlp::{Compression, OtlpConfig, OtlpConfigError, Protocol};
use tracing_core_lite::pipeline::{ExportError, Exported, Exporter};
use tracing_core_lite::span::data::FinishedSpan;
use tracing_core_lite::testing::{FakeOtlp, Reply};

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

/// Exports one batch to a receiver with this reply.
fn answered(reply: Reply) -> Result<Exported, ExportError> {
    let receiver = FakeOtlp::start().unwrap();
    receiver.reply(reply);
    let config = OtlpConfig::new().with_endpoint(receiver.url());
    let result = config.build().unwrap().export(&requests::batch(2), soon());
    let request = receiver.requests().remove(0);
    assert_eq!(request.header("host"), receiver.url().strip_prefix("http://"));
    assert_eq!(request.body, *requests::batch(2).request());
    result
}

#[test]
fn a_batch_arrives_as_it_is() {
    let receiver = FakeOtlp::start().unwrap();
    let config = OtlpConfig::new().with_endpoint(receiver.url()).with_header("X-Tenant", "shop");
    let mut exporter = config.build().unwrap();
    let batch = requests::batch(3);
    assert_eq!(exporter.export(&batch, soon()), Ok(Exported::default()));
    assert_eq!(exporter.export(&batch, soon()), Ok(Exported::default()));

    let received = &receiver.wait_for(2, Duration::from_secs(5))[0];
    assert_eq!((received.method.as_str(), received.path.as_str()), ("POST", "/v1/traces"));
    assert_eq!(received.header("content-type"), Some("application/x-protobuf"));
    assert_eq!(received.header("content-encoding"), None);
    assert_eq!(received.header("x-tenant"), Some("shop"));
    assert!(received.header("user-agent").unwrap().starts_with("OTel-OTLP-Exporter-Rust-"));
    assert_eq!(received.body, *batch.request());
    assert_eq!(receiver.spans()[..3], FinishedSpan::flatten(batch.decode().unwrap()));
    assert_eq!(receiver.connections(), 1, "the connection is used again");
}

#[test]
fn a_connection_that_the_receiver_gives_up_is_not_used_again() {
    let receiver = FakeOtlp::start().unwrap();
    receiver.reply(Reply::ok().with_header("connection", "close"));
    let mut exporter = OtlpConfig::new().with_endpoint(receiver.url()).build().unwrap();
    for connections in [1, 2, 2] {
        assert_eq!(exporter.export(&requests::batch(1), soon()), Ok(Exported::default()));
        assert_eq!(receiver.connections(), connections);
    }
}

#[test]
fn a_batch_of_the_export_thread_arrives_as_it_is() {
    let receiver = FakeOtlp::start().unwrap();
    let exporter = OtlpConfig::new().with_endpoint(receiver.url()).build().unwrap();
    let provider = tracing_core_lite::TracerProvider::builder().with_exporter(exporter).build().unwrap();
    for scope in ["a", "b"].repeat(1_000) {
        let span = provider.tracer(scope).span(scope).with_parent(&tracing_core_lite::Context::new()).start();
        span.set("text", "x".repeat(3_000).as_str());
    }
    provider.shutdown(Duration::from_secs(10)).unwrap();
    let spans = receiver.spans();
    assert_eq!((spans.len(), provider.stats().exported), (2_000, 2_000));
    assert!(spans.iter().all(|it| it.span.name == it.scope.name));
}

#[cfg(feature = "gzip")]
#[test]
fn gzip_if_configured() {
    let receiver = FakeOtlp::start().unwrap();
    let config = OtlpConfig::new().with_endpoint(receiver.url()).with_compression(Compression::Gzip);
    let batch = requests::batch(100);
    config.build().unwrap().export(&batch, soon()).unwrap();
    let received = &receiver.requests()[0];
    assert_eq!(received.header("content-encoding"), Some("gzip"));
    assert!(received.body.len() < batch.request().len() / 4);
    assert_eq!(received.spans.as_ref().unwrap(), &batch.decode().unwrap());
}

#[cfg(feature = "otlp-json")]
#[test]
fn json_if_configured() {
    let receiver = FakeOtlp::start().unwrap();
    let partial = r#"{"partialSuccess":{"rejectedSpans":"3","errorMessage":"too old"}}"#;
    receiver.reply(Reply::ok().with_body("application/json", partial));
    receiver
        .reply(Reply::status(400).with_body("application/json", r#"{"code":3,"message":"no such field"}"#));
    let mut exporter =
        OtlpConfig::new().with_endpoint(receiver.url()).with_protocol(Protocol::HttpJson).build().unwrap();
    let batch = requests::batch(3);
    let expected = Exported::new(3, "too old");
    assert_eq!(exporter.export(&batch, soon()), Ok(expected));
    let error = exporter.export(&batch, soon()).unwrap_err();
    assert_eq!(error.to_string(), "the OTLP receiver answered 400: no such field");
    let received = &receiver.requests()[0];
    assert_eq!(received.header("content-type"), Some("application/json"));
    assert_eq!(received.spans.as_ref().unwrap(), &batch.decode().unwrap());
}

#[test]
fn a_partial_success_is_passed_on() {
    let expected = Exported::new(2, "name too long");
    assert_eq!(answered(Reply::partial_success(2, "name too long")), Ok(expected));
    let warning = Exported::new(0, "be warned");
    assert_eq!(answered(Reply::partial_success(0, "be warned")), Ok(warning));
}

#[test]
fn a_reply_that_cannot_be_read_is_still_an_acceptance() {
    for body in [vec![0xff; 100], vec![0x0a; 100 * 1024]] {
        let reply = Reply::ok().with_body("application/x-protobuf", body);
        assert_eq!(answered(reply), Ok(Exported::default()));
    }
    assert_eq!(answered(Reply::ok().with_body("text/html", "<p>hello")), Ok(Exported::default()));
}

#[test]
fn busy_receivers_are_retried() {
    for code in [429, 502, 503, 504] {
        match answered(Reply::status(code).with_retry_after(7)) {
            Err(ExportError::Retryable { after, reason }) => {
                assert_eq!(after, Some(Duration::from_secs(7)), "{code}");
                assert!(reason.contains(&code.to_string()), "{reason}");
            }
            other => panic!("{code}: {other:?}"),
        }
    }
    let none = answered(Reply::status(503));
    assert!(matches!(none, Err(ExportError::Retryable { after: None, .. })), "{none:?}");
    let past = answered(Reply::status(503).with_retry_after("Sun, 06 Nov 1994 08:49:37 GMT"));
    assert!(matches!(past, Err(ExportError::Retryable { after: Some(Duration::ZERO), .. })), "{past:?}");
    assert!(SystemTime::now() > SystemTime::UNIX_EPOCH);
}

#[test]
fn other_answers_are_final() {
    for code in [301, 307, 400, 401, 404, 500, 501] {
        let result = answered(
            Reply::status(code).with_header("location", "http://127.0.0.1:1/elsewhere").with_retry_after(1),
        );
        assert!(matches!(result, Err(ExportError::Permanent { .. })), "{code}: {result:?}");
    }
}

#[test]
fn the_receivers_message_is_truncated() {
    let status = |text: &str| {
        let mut body = vec![0x08, 3, 0x12];
        prost::encoding::encode_varint(text.len() as u64, &mut body);
        body.extend_from_slice(text.as_bytes());
        answered(Reply::status(400).with_body("application/x-protobuf", body)).unwrap_err().to_string()
    };
    assert_eq!(status("bad\u{1b}[31m trace id"), "the OTLP receiver answered 400: bad [31m trace id");
    assert!(status(&"x".repeat(10_000)).len() < 400);
    let plain = answered(Reply::status(401).with_body("text/plain", "who are you?\nmore")).unwrap_err();
    assert_eq!(plain.to_string(), "the OTLP receiver answered 401: who are you?");
}

#[test]
fn an_unreachable_receiver_is_retried() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut exporter = OtlpConfig::new().with_endpoint(format!("http://{free}")).build().unwrap();
    let result = exporter.export(&requests::batch(1), soon());
    assert!(matches!(result, Err(ExportError::Retryable { after: None, .. })), "{result:?}");

    let closed = answered(Reply::close());
    assert!(matches!(closed, Err(ExportError::Retryable { .. })), "{closed:?}");
}

#[test]
fn an_attempt_ends_at_its_timeout_and_at_the_deadline() {
    let hour = Duration::from_secs(3600);
    for (timeout, deadline) in [(Duration::from_millis(150), hour), (hour, Duration::from_millis(150))] {
        let receiver = FakeOtlp::start().unwrap();
        receiver.reply(Reply::hang(hour));
        let mut exporter =
            OtlpConfig::new().with_endpoint(receiver.url()).with_timeout(timeout).build().unwrap();
        let begin = Instant::now();
        let result = exporter.export(&requests::batch(1), begin + deadline);
        assert!(matches!(result, Err(ExportError::Retryable { .. })), "{result:?}");
        assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
        // The next batch uses a new connection.
        assert_eq!(exporter.export(&requests::batch(1), soon()), Ok(Exported::default()));
    }
    let receiver = FakeOtlp::start().unwrap();
    let mut patient =
        OtlpConfig::new().with_endpoint(receiver.url()).with_timeout(Duration::ZERO).build().unwrap();
    let never = Instant::now() + Duration::from_secs(1_000_000_000);
    assert_eq!(patient.export(&requests::batch(1), never), Ok(Exported::default()));
    let late = OtlpConfig::new().build().unwrap().export(&requests::batch(1), Instant::now());
    assert!(matches!(late, Err(ExportError::Retryable { .. })), "{late:?}");
}

#[test]
fn credentials_are_sent_and_never_shown() {
    let receiver = FakeOtlp::start().unwrap();
    let echo = "rejected Bearer t0psecret and t0psecret for api s3cretkey and pa55word";
    receiver.reply(Reply::status(401).with_body("text/plain", echo));
    receiver.reply(Reply::partial_success(1, echo));
    receiver.reply(Reply::close());
    let url = receiver.url().replace("http://", "http://me:pa55word@");
    let config = OtlpConfig::new().with_endpoint(&url).with_header("x-api-key", "s3cretkey");
    let with_token = config.clone().with_header("Authorization", "Bearer t0psecret");
    let mut exporter = with_token.build().unwrap();
    let mut texts = vec![format!("{config:?} {with_token:?}")];
    for _ in 0..3 {
        texts.push(format!("{:?}", exporter.export(&requests::batch(1), soon())));
    }
    for text in texts {
        for secret in ["t0psecret", "s3cretkey", "pa55word"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
    config.build().unwrap().export(&requests::batch(1), soon()).unwrap();
    let requests = receiver.requests();
    assert_eq!(requests[0].header("authorization"), Some("Bearer t0psecret"));
    assert_eq!(requests[0].header("x-api-key"), Some("s3cretkey"));
    assert_eq!(requests[3].header("authorization"), Some("Basic bWU6cGE1NXdvcmQ="));
}

#[test]
fn unusable_configurations_are_typed_errors() {
    let error = |config: OtlpConfig| config.build().err().unwrap();
    assert!(matches!(error(OtlpConfig::new().with_endpoint("nonsense")), OtlpConfigError::Endpoint { .. }));
    let smuggled = OtlpConfig::new().with_header("x", "s3cret\r\nevil: 1");
    assert!(matches!(error(smuggled.clone()), OtlpConfigError::Header { .. }));
    assert!(!error(smuggled).to_string().contains("s3cret"));
    #[cfg(not(feature = "tls"))]
    assert!(matches!(
        error(OtlpConfig::new().endpoint("https://c")),
        OtlpConfigError::Feature { feature: "tls", .. }
    ));
    #[cfg(feature = "tls")]
    {
        let missing = OtlpConfig::new().with_endpoint("https://c").with_certificate("/nowhere/ca.pem");
        assert!(matches!(error(missing), OtlpConfigError::Certificate { .. }));
        assert!(OtlpConfig::new().with_endpoint("https://c").build().is_ok());
    }
    #[cfg(not(feature = "otlp-grpc"))]
    assert!(matches!(error(OtlpConfig::new().protocol(Protocol::Grpc)), OtlpConfigError::Feature { .. }));
    #[cfg(not(feature = "gzip"))]
    assert!(matches!(
        error(OtlpConfig::new().compression(Compression::Gzip)),
        OtlpConfigError::Feature { feature: "gzip", .. }
    ));
}
