//! Receivers that fail while they answer: each attempt ends in time, and the next one can succeed.
//!
//! The whole table of faults is in `docs/reliability.md`.
#![cfg(feature = "otlp-http")]
#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use tracing_core_lite::exporters::otlp::OtlpConfig;
use tracing_core_lite::pipeline::{Batch, ExportError, Exported, Exporter};

const TIMEOUT: Duration = Duration::from_millis(300);

fn batch() -> Batch {
    Batch::new(vec![0x0a, 0x00].into(), 1)
}

fn config(address: SocketAddr) -> OtlpConfig {
    OtlpConfig::new().with_endpoint(format!("http://{address}")).with_timeout(TIMEOUT)
}

fn export(exporter: &mut dyn Exporter) -> Result<Exported, ExportError> {
    exporter.export(&batch(), Instant::now() + Duration::from_secs(20))
}

/// Reads until the end of the head. The body of these tests is in the same packet, or does not matter.
fn read_head(stream: &mut TcpStream) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
        head.push(byte[0]);
    }
}

fn accept_ok(stream: &mut TcpStream) {
    read_head(stream);
    let mut body = [0; 2];
    let _ = stream.read_exact(&mut body);
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
}

/// Serves the first connection with `fault`, and answers properly on the second.
fn fault_then_answer(
    listener: &TcpListener,
    fault: impl FnOnce(TcpStream) + Send,
) -> (Result<Exported, ExportError>, Duration) {
    let mut exporter = config(listener.local_addr().unwrap()).build().unwrap();
    thread::scope(|scope| {
        scope.spawn(move || {
            fault(listener.accept().unwrap().0);
            accept_ok(&mut listener.accept().unwrap().0);
        });
        let begin = Instant::now();
        let result = export(&mut exporter);
        let elapsed = begin.elapsed();
        // A fault after the acceptance is no reason for a second attempt, so this may use the first connection.
        let again = export(&mut exporter);
        assert_eq!(again, Ok(Exported::default()), "the next attempt succeeds");
        (result, elapsed)
    })
}

fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

fn is_retryable(result: &Result<Exported, ExportError>) -> bool {
    matches!(result, Err(ExportError::Retryable { .. }))
}

/// Sends one byte at a time until the exporter gives up.
fn drip(mut stream: TcpStream, bytes: impl Iterator<Item = u8>) {
    read_head(&mut stream);
    for byte in bytes {
        if stream.write_all(&[byte]).is_err() {
            return;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_head_that_comes_byte_by_byte_ends_at_the_timeout() {
    let endless = b"HTTP/1.1 200 OK\r\nx-slow: ".iter().copied().chain(std::iter::repeat(b'a'));
    let (result, elapsed) = fault_then_answer(&listener(), |stream| drip(stream, endless));
    assert!(is_retryable(&result), "{result:?}");
    assert!(elapsed >= TIMEOUT);
}

#[test]
fn a_connection_that_is_reset_midway_is_retried() {
    let (result, _) = fault_then_answer(&listener(), |mut stream| {
        // Bytes that are not read make the operating system reset the connection.
        let _ = stream.read(&mut [0; 10]);
    });
    assert!(is_retryable(&result), "{result:?}");
    let (result, _) = fault_then_answer(&listener(), |mut stream| {
        read_head(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-le").unwrap();
    });
    assert!(is_retryable(&result), "{result:?}");
}

#[test]
fn a_receiver_that_accepts_connections_and_never_answers_is_retried() {
    let (result, elapsed) = fault_then_answer(&listener(), |mut stream| {
        read_head(&mut stream);
        // Until the exporter closes it.
        let _ = stream.read_to_end(&mut Vec::new());
    });
    assert!(is_retryable(&result), "{result:?}");
    assert!(elapsed >= TIMEOUT);
}

#[test]
fn an_endless_body_is_not_read_and_the_batch_counts_as_accepted() {
    let (result, _) = fault_then_answer(&listener(), |mut stream| {
        read_head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n");
        while stream.write_all(&[b'a'; 4096]).is_ok() {}
    });
    assert_eq!(result, Ok(Exported::default()), "sent again, it would arrive twice");
}

#[test]
fn a_receiver_that_restarts_is_reached_again() {
    let first = listener();
    let address = first.local_addr().unwrap();
    let mut exporter = config(address).build().unwrap();
    let serve = |listener: TcpListener| thread::spawn(move || accept_ok(&mut listener.accept().unwrap().0));
    let serving = serve(first);
    assert_eq!(export(&mut exporter), Ok(Exported::default()));
    serving.join().unwrap();
    let down = export(&mut exporter);
    assert!(is_retryable(&down), "{down:?}");
    let serving = serve(TcpListener::bind(address).unwrap());
    assert_eq!(export(&mut exporter), Ok(Exported::default()));
    serving.join().unwrap();
}

#[test]
fn a_receiver_with_an_ipv6_address_is_reached() {
    let listener = match TcpListener::bind("[::1]:0") {
        Ok(listener) => listener,
        Err(error) => panic!("this test needs IPv6 on the loopback interface: {error}"),
    };
    let address = listener.local_addr().unwrap();
    let mut exporter = config(address).build().unwrap();
    let serving = thread::spawn(move || accept_ok(&mut listener.accept().unwrap().0));
    assert_eq!(export(&mut exporter), Ok(Exported::default()));
    serving.join().unwrap();
}
