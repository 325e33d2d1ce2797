//! OTLP through proxies: tunnels for https and gRPC, absolute-form requests for http, and responses of the proxy
//! itself.
//!
//! Proxies are configured by the environment, so each such test runs this test program again in a separate process.
#![cfg(all(feature = "otlp-http", feature = "otlp-grpc", feature = "testing"))]
#![allow(clippy::unwrap_used)]

mod requests;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use tracing_core_lite::exporters::otlp::{OtlpConfig, Protocol};
use tracing_core_lite::pipeline::{ExportError, Exported};

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

fn is_program() -> bool {
    std::env::var_os("IS_PROGRAM").is_some()
}

/// Runs the test `name` in a separate process.
fn run(name: &str, variables: &[(&str, &str)]) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([name, "--exact", "--nocapture"]).env("IS_PROGRAM", "1").envs(variables.iter().copied());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

/// A proxy that sends the head of each request to this channel and responds with this answer.
fn proxy(answer: &'static [u8]) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (heads, received) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = heads.send(read_head(&mut stream));
            let _ = stream.write_all(answer);
            // Reads the body, so that closing the connection does not reset it.
            let _ = stream.set_read_timeout(Some(Duration::from_millis(100)));
            let _ = stream.read(&mut [0; 4096]);
        }
    });
    (address, received)
}

fn config() -> OtlpConfig {
    OtlpConfig::new().with_endpoint("http://collector.example:4318")
}

#[test]
fn http_goes_through_a_proxy_in_absolute_form() {
    if is_program() {
        let result = config().build().unwrap().export(&requests::batch(1), soon());
        return assert_eq!(result, Ok(Exported::default()));
    }
    let (address, heads) = proxy(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let proxy = format!("http://me:pw@{address}");
    run("http_goes_through_a_proxy_in_absolute_form", &[("HTTP_PROXY", &proxy)]);
    let head = heads.recv().unwrap().to_ascii_lowercase();
    assert!(head.starts_with("post http://collector.example:4318/v1/traces http/1.1\r\n"), "{head}");
    assert!(head.contains("\r\nhost: collector.example:4318\r\n"), "{head}");
    assert!(head.contains("\r\nproxy-authorization: basic bwu6chc=\r\n"), "{head}");
}

#[cfg(feature = "tls")]
#[test]
fn https_goes_through_a_tunnel() {
    if is_program() {
        let config = OtlpConfig::new().with_endpoint("https://collector.example");
        let error = config.build().unwrap().export(&requests::batch(1), soon()).unwrap_err();
        assert!(matches!(&error, ExportError::Retryable { .. }), "{error:?}");
        return assert!(error.to_string().contains("the proxy answered 407"), "{error}");
    }
    let (address, heads) = proxy(b"HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n");
    run("https_goes_through_a_tunnel", &[("https_proxy", &address)]);
    let head = heads.recv().unwrap().to_ascii_lowercase();
    assert!(head.starts_with("connect collector.example:443 http/1.1\r\n"), "{head}");
}

#[test]
fn grpc_goes_through_a_tunnel() {
    if is_program() {
        let config = config().with_protocol(Protocol::Grpc).with_timeout(Duration::from_secs(5));
        let error = config.build().unwrap().export(&requests::batch(1), soon()).unwrap_err();
        assert!(matches!(&error, ExportError::Retryable { .. }), "{error:?}");
        return assert!(error.to_string().contains("the proxy answered 403"), "{error}");
    }
    let (address, heads) = proxy(b"HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n");
    run("grpc_goes_through_a_tunnel", &[("HTTP_PROXY", &format!("http://{address}"))]);
    let head = heads.recv().unwrap().to_ascii_lowercase();
    assert!(head.starts_with("connect collector.example:4318 http/1.1\r\n"), "{head}");
}

#[test]
fn a_proxy_that_is_not_supported_is_not_bypassed() {
    if is_program() {
        let error = config().build().unwrap().export(&requests::batch(1), soon()).unwrap_err();
        return assert!(error.to_string().contains("socks5 proxy, which is not supported"), "{error}");
    }
    run("a_proxy_that_is_not_supported_is_not_bypassed", &[("ALL_PROXY", "socks5://127.0.0.1:1")]);
}

#[test]
fn no_proxy_and_this_machine_are_reached_directly() {
    if is_program() {
        let local = tracing_core_lite::testing::FakeOtlp::start().unwrap();
        let result =
            OtlpConfig::new().with_endpoint(local.url()).build().unwrap().export(&requests::batch(1), soon());
        assert_eq!(result, Ok(Exported::default()));
        let error = OtlpConfig::new().with_endpoint("http://host.invalid").build().unwrap();
        let error = { error }.export(&requests::batch(1), soon()).unwrap_err();
        return assert!(error.to_string().contains("cannot be resolved"), "{error}");
    }
    let variables = [("HTTP_PROXY", "http://127.0.0.1:1"), ("NO_PROXY", "example.com,.invalid")];
    run("no_proxy_and_this_machine_are_reached_directly", &variables);
}

/// An HTTP/2 server that answers every request with this status and a body.
async fn answering(status: u16, content_type: &'static str, body: &'static str) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut connection = h2::server::handshake(stream).await.unwrap();
                while let Some(Ok((_, mut respond))) = connection.accept().await {
                    let mut response = http::Response::builder().status(status).header("retry-after", "7");
                    if !content_type.is_empty() {
                        response = response.header("content-type", content_type);
                    }
                    let mut send =
                        respond.send_response(response.body(()).unwrap(), body.is_empty()).unwrap();
                    if !body.is_empty() {
                        let _ = send.send_data(bytes::Bytes::from_static(body.as_bytes()), true);
                    }
                }
            });
        }
    });
    url
}

#[test]
fn an_answer_to_a_grpc_export_that_is_not_grpc_is_judged_by_its_http_status() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let html = "<html>upstream connect error</html>";
    for (status, content_type, body, retryable) in [
        (502, "text/html", html, true),
        (503, "text/plain", "no healthy upstream", true),
        (504, "", html, true),
        (429, "application/json", "{}", true),
        (503, "text/html", "", true),
        (503, "application/grpc", html, true),
        (400, "text/html", html, false),
        (401, "text/html", html, false),
        (403, "", html, false),
        (404, "text/html", html, false),
        (500, "text/html", html, false),
        (200, "text/html", html, false),
    ] {
        let url = runtime.block_on(answering(status, content_type, body));
        let config = OtlpConfig::new().with_protocol(Protocol::Grpc).with_endpoint(url);
        let error = config.build().unwrap().export(&requests::batch(1), soon()).unwrap_err();
        let name = format!("{status} {content_type} {body}: {error:?}");
        assert!(error.to_string().contains(&status.to_string()), "{name}");
        match error {
            ExportError::Retryable { after, .. } => {
                assert!(retryable, "{name}");
                assert_eq!(after, Some(Duration::from_secs(7)), "{name}");
            }
            _ => assert!(!retryable, "{name}"),
        }
    }
}
