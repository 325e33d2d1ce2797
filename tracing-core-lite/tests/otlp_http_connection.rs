//! The connection of OTLP over HTTP without TLS and proxies, with receivers that are slow, non-conforming, or
//! disappear.
#![cfg(feature = "otlp-http")]
#![allow(clippy::unwrap_used)]

mod requests;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tracing_core_lite::exporters::otlp::OtlpConfig;
use tracing_core_lite::pipeline::{Batch, ExportError, Exported, Exporter};

const LONG: Duration = Duration::from_secs(10);

/// A receiver. The function serves one connection after the other, and closes each.
struct Receiver {
    url: String,
    connections: Arc<AtomicUsize>,
}

impl Receiver {
    fn start(serve: impl Fn(&mut TcpStream) -> std::io::Result<()> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                counted.fetch_add(1, Ordering::SeqCst);
                let _ = stream.and_then(|mut stream| serve(&mut stream));
            }
        });
        Self { url, connections }
    }

    /// Answers every request with these bytes, in pieces of this size.
    fn answering(text: &[u8], at_a_time: usize, then_closes: bool) -> Self {
        let text = text.to_vec();
        Self::start(move |stream| {
            stream.set_nodelay(true)?;
            loop {
                read_request(stream)?;
                text.chunks(at_a_time).try_for_each(|piece| stream.write_all(piece))?;
                if then_closes {
                    return Ok(());
                }
            }
        })
    }

    fn config(&self) -> OtlpConfig {
        OtlpConfig::new().with_endpoint(&self.url)
    }

    fn exporter(&self) -> Box<dyn Exporter> {
        self.config().build().unwrap()
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

fn read_head(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(String::from_utf8(head).unwrap().to_ascii_lowercase())
}

fn read_request(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let head = read_head(stream)?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body)?;
    Ok(body)
}

fn soon() -> Instant {
    Instant::now() + LONG
}

fn export(exporter: &mut dyn Exporter) -> Result<Exported, ExportError> {
    exporter.export(&requests::batch(1), soon())
}

fn large() -> Batch {
    Batch::new(vec![0; 64 * 1024 * 1024].into(), 1)
}

/// Returns the results of two exports and the number of connections that they use.
fn twice(text: &[u8], at_a_time: usize, then_closes: bool) -> (Result<Exported, ExportError>, usize) {
    let receiver = Receiver::answering(text, at_a_time, then_closes);
    let mut exporter = receiver.exporter();
    let first = export(&mut *exporter);
    assert_eq!(export(&mut *exporter), first, "{:?}", String::from_utf8_lossy(text));
    (first, receiver.connections())
}

#[test]
fn bodies_end_where_the_head_says() {
    let hello = "400: hello";
    let cases = [
        ("1 400 Bad\r\ncontent-length: 5\r\n\r\nhello", hello, 1),
        ("1 400 Bad\r\ncontent-length: 0\r\n\r\n", "400", 1),
        ("1 400 Bad\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello", hello, 2),
        ("1 400 Bad\r\ntransfer-encoding: chunked\r\n\r\n2;x=1\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", hello, 1),
        ("1 400 Bad\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\na: b\r\n\r\n", hello, 1),
        ("1 400 Bad\r\n\r\nhello", hello, 2),
        ("0 400 Bad\r\ncontent-length: 5\r\n\r\nhello", hello, 2),
        // Fewer bytes than announced, too many, or invalid chunks.
        ("1 400 Bad\r\ncontent-length: 5\r\n\r\nhell", "400", 2),
        ("1 400 Bad\r\ncontent-length: 99999999999\r\n\r\nhello", "400", 2),
        ("1 400 Bad\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello", "400", 2),
        ("1 400 Bad\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhelloXX", "400", 2),
    ];
    for (text, expected, connections) in cases {
        let text =
            format!("HTTP/1.{}", text.replace("\r\n\r\n", "\r\nContent-Type: Text/Plain; charset=x\r\n\r\n"));
        for at_a_time in [1, usize::MAX] {
            let (result, used) = twice(text.as_bytes(), at_a_time, connections == 2);
            let expected = format!("the OTLP receiver answered {expected}");
            assert_eq!(result, Err(ExportError::Permanent { reason: expected }), "{text:?}");
            assert_eq!(used, connections, "{text:?}");
        }
    }
    let no_content = twice(b"HTTP/1.1 204 No Content\r\n\r\n", 1, false);
    assert_eq!(no_content, (Ok(Exported::default()), 1));
    let after_continue = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(twice(after_continue, 1, false), (Ok(Exported::default()), 1));
}

#[test]
fn more_than_one_answer_ends_the_connection() {
    let receiver =
        Receiver::answering(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\nmore", usize::MAX, false);
    let mut exporter = receiver.exporter();
    for connections in [1, 2, 3] {
        assert_eq!(export(&mut *exporter), Ok(Exported::default()));
        assert_eq!(receiver.connections(), connections);
    }
}

#[test]
fn invalid_responses_are_retryable() {
    let reason = |text: &[u8]| match twice(text, usize::MAX, true) {
        (Err(ExportError::Retryable { reason, after: None }), 2) => reason,
        other => panic!("{other:?}"),
    };
    let no_http = "the OTLP receiver did not answer in HTTP";
    assert_eq!(reason(b"SSH-2.0-OpenSSH_9.9\r\n"), no_http);
    assert_eq!(reason(b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n"), no_http);
    let endless = [b"HTTP/1.1 200 OK\r\nx: ".to_vec(), vec![b'x'; 200_000]].concat();
    assert_eq!(reason(&endless), no_http);
    for text in [&b""[..], b"HTTP/1.1 200 OK\r\ncontent-"] {
        let reason = reason(text);
        assert!(reason.starts_with("the connection to the OTLP receiver failed: "), "{reason}");
    }
}

#[test]
fn an_answer_without_its_body_counts_at_the_deadline() {
    let accepted = Receiver::answering(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhe", usize::MAX, false);
    let mut exporter = accepted.config().with_timeout(Duration::from_millis(200)).build().unwrap();
    for connections in [1, 2] {
        assert_eq!(export(&mut *exporter), Ok(Exported::default()));
        assert_eq!(accepted.connections(), connections);
    }
}

#[test]
fn an_attempt_ends_at_the_deadline_if_the_receiver_does_not_read() {
    let receiver = Receiver::start(|_| {
        std::thread::sleep(LONG);
        Ok(())
    });
    let begin = Instant::now();
    let error = receiver.exporter().export(&large(), begin + Duration::from_millis(200)).unwrap_err();
    assert!(
        matches!(&error, ExportError::Retryable { reason, .. } if reason.contains("in time")),
        "{error:?}"
    );
    assert!(begin.elapsed() < LONG / 2);
}

#[test]
fn a_large_batch_arrives_whole() {
    let receiver = Receiver::start(|stream| {
        let body = read_request(stream)?;
        let sum: u64 = body.iter().map(|byte| u64::from(*byte)).sum();
        write!(stream, "HTTP/1.1 400 Sum\r\nconnection: close\r\ncontent-type: text/plain\r\n\r\n{sum}")
    });
    let bytes: Vec<u8> = (0..8_000_000_u32).map(|number| (number % 251) as u8).collect();
    let sum: u64 = bytes.iter().map(|byte| u64::from(*byte)).sum();
    let error = receiver.exporter().export(&Batch::new(bytes.into(), 1), soon()).unwrap_err();
    assert_eq!(error.to_string(), format!("the OTLP receiver answered 400: {sum}"));
}

#[test]
fn a_refusal_before_the_whole_request_is_sent_is_read() {
    let receiver = Receiver::start(|stream| {
        read_head(stream)?;
        stream.write_all(b"HTTP/1.1 413 Large\r\ncontent-length: 0\r\n\r\n")
    });
    let mut exporter = receiver.exporter();
    let large = large();
    for connections in 1..=20 {
        let error = exporter.export(&large, soon()).unwrap_err();
        assert_eq!(error, ExportError::TooLarge { reason: "the OTLP receiver answered 413".into() });
        assert_eq!(receiver.connections(), connections);
    }
}

#[test]
fn a_connection_that_was_closed_while_idle_is_not_used() {
    for rest in [Duration::ZERO, Duration::from_millis(50)] {
        let receiver = Receiver::start(move |stream| {
            read_request(stream)?;
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")?;
            std::thread::sleep(rest);
            Ok(())
        });
        let mut exporter = receiver.exporter();
        for connections in 1..=5 {
            assert_eq!(export(&mut *exporter), Ok(Exported::default()));
            assert_eq!(receiver.connections(), connections);
            std::thread::sleep(rest + Duration::from_millis(50));
        }
    }
}

#[test]
fn a_batch_is_freed_after_its_export() {
    let release = |receiver: Receiver| {
        let bytes = Arc::new(vec![0; 1024 * 1024]);
        let batch = Batch::new(Bytes::from_owner(Shared(Arc::clone(&bytes))), 1);
        let mut exporter = receiver.config().with_timeout(Duration::from_millis(200)).build().unwrap();
        let result = exporter.export(&batch, soon());
        drop(batch);
        assert_eq!(Arc::strong_count(&bytes), 1);
        result
    };
    let ok = Receiver::answering(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", usize::MAX, false);
    assert_eq!(release(ok), Ok(Exported::default()));
    let silent = Receiver::start(|_| {
        std::thread::sleep(LONG);
        Ok(())
    });
    assert!(release(silent).is_err());
    let early = Receiver::start(|stream| {
        stream.write_all(b"HTTP/1.1 413 Large\r\ncontent-length: 0\r\n\r\n")?;
        std::thread::sleep(LONG);
        Ok(())
    });
    assert!(release(early).is_err());
}

struct Shared(Arc<Vec<u8>>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

#[test]
fn hosts_are_resolved() {
    let receiver = Receiver::answering(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", usize::MAX, false);
    let by_name = receiver.url.replace("127.0.0.1", "localhost");
    let mut exporter = OtlpConfig::new().with_endpoint(by_name).build().unwrap();
    assert_eq!(export(&mut *exporter), Ok(Exported::default()));
    let mut lost = OtlpConfig::new().with_endpoint("http://host.invalid:4318").build().unwrap();
    let error = export(&mut *lost).unwrap_err();
    let reason = "the OTLP receiver's host name cannot be resolved";
    assert_eq!(error, ExportError::Retryable { reason: reason.into(), after: None });
}

#[tokio::test]
async fn the_exporter_works_inside_another_runtime() {
    let receiver = Receiver::answering(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", usize::MAX, false);
    let mut exporter = receiver.exporter();
    for _ in 0..2 {
        assert_eq!(export(&mut *exporter), Ok(Exported::default()));
    }
    assert_eq!(receiver.connections(), 1);
    drop(exporter);
    drop(OtlpConfig::new().build().unwrap());
}
