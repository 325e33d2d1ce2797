//! A receiver of OTLP over HTTP and gRPC in a process of its own, so that what it costs is not counted: it counts spans.

use std::convert::Infallible;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;

use crate::process;

static SPANS: AtomicU64 = AtomicU64::new(0);

/// The sink's process; it ends with this.
pub struct Sink {
    child: Child,
    port: u16,
}

impl Sink {
    pub fn start() -> Result<Self, String> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let mut child = Command::new(program)
            .arg("sink")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("the sink: {error}"))?;
        let mut line = String::new();
        let stdout = child.stdout.take().ok_or("the sink has no output")?;
        BufReader::new(stdout).read_line(&mut line).map_err(|error| error.to_string())?;
        let port = line.trim().parse().map_err(|_| format!("the sink said {line:?}"))?;
        Ok(Self { child, port })
    }

    /// For HTTP and gRPC alike.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// How many spans have come in.
    pub fn count(&self) -> u64 {
        let ask = || -> std::io::Result<String> {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
            stream.write_all(b"GET /count HTTP/1.1\r\nhost: sink\r\nconnection: close\r\n\r\n")?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok(answer)
        };
        let answer = ask().unwrap_or_default();
        answer.rsplit("\r\n").next().and_then(|count| count.parse().ok()).unwrap_or(0)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `peers sink`: prints its port, and serves until its input ends.
pub fn run() -> Result<(), String> {
    // Beside what is measured on CPU 0, and beside the exporters, whose CPU time is counted and not their speed.
    process::pin(1);
    // Whoever started it holds the other end: the sink ends with that process, however that one ends.
    std::thread::spawn(|| {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        std::process::exit(0);
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(async {
        let listener =
            tokio::net::TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
        println!("{}", listener.local_addr().map_err(|error| error.to_string())?.port());
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            tokio::spawn(async move {
                let server = auto::Builder::new(TokioExecutor::new());
                let _ =
                    server.serve_connection(TokioIo::new(stream), hyper::service::service_fn(answer)).await;
            });
        }
    })
}

async fn answer(request: Request<Incoming>) -> Result<Response<BoxBody<Bytes, Infallible>>, Infallible> {
    let is_count = request.uri().path() == "/count";
    let is_grpc = request.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/grpc");
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    if is_count {
        return Ok(Response::new(Full::from(SPANS.load(Ordering::Relaxed).to_string()).boxed()));
    }
    // A message of gRPC has a flag and its length before it.
    let message = if is_grpc { body.get(5..).unwrap_or_default() } else { &body };
    SPANS.fetch_add(spans_in(message), Ordering::Relaxed);
    // The answer of OTLP says nothing: an empty message.
    let mut response = if is_grpc {
        let trailers = HeaderMap::from_iter([(
            http::HeaderName::from_static("grpc-status"),
            HeaderValue::from_static("0"),
        )]);
        let trailers = std::future::ready(Some(Ok(trailers)));
        Response::new(Full::from(&[0_u8; 5][..]).with_trailers(trailers).boxed())
    } else {
        Response::new(Full::default().boxed())
    };
    let kind = if is_grpc { "application/grpc" } else { "application/x-protobuf" };
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    Ok(response)
}

/// Spans of an `ExportTraceServiceRequest`: field 2 of field 2 of field 1.
fn spans_in(request: &[u8]) -> u64 {
    let of_resource = |spans| fields(spans, 2).map(|spans| fields(spans, 2).count() as u64).sum::<u64>();
    fields(request, 1).map(of_resource).sum()
}

/// The fields of a protobuf message that have this number and a length.
fn fields(mut message: &[u8], number: u64) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        loop {
            let tag = varint(&mut message)?;
            let length = match tag & 7 {
                0 => {
                    varint(&mut message)?;
                    continue;
                }
                1 => 8,
                2 => usize::try_from(varint(&mut message)?).ok()?,
                5 => 4,
                _ => return None,
            };
            let (field, rest) = message.split_at_checked(length)?;
            message = rest;
            if tag == number << 3 | 2 {
                return Some(field);
            }
        }
    })
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}
