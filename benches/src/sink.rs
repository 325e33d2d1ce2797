//! A receiver of OTLP over HTTP and gRPC that counts spans, in a process of its own so that its cost is not measured.

use std::convert::Infallible;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};

use crate::process;

static SPANS: AtomicU64 = AtomicU64::new(0);

/// The sink's process. Dropping this ends it.
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

    /// Serves HTTP and gRPC.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The number of received spans.
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

/// `peers sink`: prints its port, and serves until its standard input ends.
///
/// It shares a CPU with the load generator and delays its requests. It therefore reads HTTP/1 itself and reuses its
/// memory, which is faster than hyper.
pub fn run() -> Result<(), String> {
    // The measured thread has CPU 0. Exporters share CPU 1: their CPU time counts, not their speed.
    process::pin(1);
    // The parent holds the other end, so that the sink ends with the parent in any case.
    std::thread::spawn(|| {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        std::process::exit(0);
    });
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    println!("{}", listener.local_addr().map_err(|error| error.to_string())?.port());
    loop {
        let Ok((stream, _)) = listener.accept() else { continue };
        std::thread::spawn(move || {
            // A client whose requests cannot be parsed loses its connection, and the run then reports missing spans.
            let _ = if is_http2(&stream) { serve_grpc(stream) } else { serve_http(stream) };
        });
    }
}

/// HTTP/2 begins with `PRI`, which is not a method of HTTP/1.
fn is_http2(stream: &TcpStream) -> bool {
    let mut first = [0];
    stream.peek(&mut first).is_ok() && first == *b"P" && {
        let mut start = [0; 3];
        // Waits for bytes that arrive one by one.
        (0..1_000).any(|_| !matches!(stream.peek(&mut start), Ok(1..3)));
        start == *b"PRI"
    }
}

/// Answers one request after the other. Pipelining is not supported.
fn serve_http(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut bytes = vec![0; 1 << 20];
    let mut len = 0;
    loop {
        let (head, is_count, content) = loop {
            if let Some(head) = head_of(&bytes[..len])? {
                break head;
            }
            len += read_some(&mut stream, &mut bytes[len..])?;
        };
        let end = head + content;
        bytes.resize(bytes.len().max(end), 0);
        while len < end {
            len += read_some(&mut stream, &mut bytes[len..end])?;
        }
        if is_count {
            let count = SPANS.load(Ordering::Relaxed).to_string();
            return write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{count}", count.len());
        }
        // Counts before it answers: the client may ask for the count next.
        SPANS.fetch_add(spans_in(&bytes[head..end]), Ordering::Relaxed);
        stream.write_all(ACCEPTED)?;
        len = 0;
    }
}

/// The OTLP response: an empty message.
const ACCEPTED: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";

/// Reads a piece, then yields the CPU.
fn read_some(stream: &mut TcpStream, to: &mut [u8]) -> std::io::Result<usize> {
    const PIECE: usize = 16 * 1024;
    let most = to.len().min(PIECE);
    let read = stream.read(&mut to[..most])?;
    std::thread::yield_now();
    if read == 0 { Err(ErrorKind::UnexpectedEof.into()) } else { Ok(read) }
}

/// The length of a request's head, whether it asks for the count, and the length of its body; `None` until the head is complete.
fn head_of(bytes: &[u8]) -> std::io::Result<Option<(usize, bool, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut request = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(length) = request.parse(bytes).map_err(std::io::Error::other)? else {
        return Ok(None);
    };
    let is_count = request.path == Some("/count");
    let content = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let content = content.and_then(|it| std::str::from_utf8(it.value).ok()?.parse().ok());
    match content {
        None if !is_count => Err(std::io::Error::other("a body of unknown length")),
        content => Ok(Some((length, is_count, content.unwrap_or(0)))),
    }
}

fn serve_grpc(stream: TcpStream) -> std::io::Result<()> {
    stream.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::from_std(stream)?;
        let server = http2::Builder::new(TokioExecutor::new());
        let served = server.serve_connection(TokioIo::new(stream), hyper::service::service_fn(answer));
        served.await.map_err(std::io::Error::other)
    })
}

async fn answer(request: Request<Incoming>) -> Result<Response<BoxBody<Bytes, Infallible>>, Infallible> {
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    // A gRPC message follows a flag and its length.
    SPANS.fetch_add(spans_in(body.get(5..).unwrap_or_default()), Ordering::Relaxed);
    let trailers =
        HeaderMap::from_iter([(http::HeaderName::from_static("grpc-status"), HeaderValue::from_static("0"))]);
    let trailers = std::future::ready(Some(Ok(trailers)));
    let mut response = Response::new(Full::from(&[0_u8; 5][..]).with_trailers(trailers).boxed());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    Ok(response)
}

/// Counts the spans of an `ExportTraceServiceRequest`: field 2 of field 2 of field 1.
fn spans_in(request: &[u8]) -> u64 {
    let of_resource = |spans| fields(spans, 2).map(|spans| fields(spans, 2).count() as u64).sum::<u64>();
    fields(request, 1).map(of_resource).sum()
}

/// The length-delimited fields of a protobuf message with this number.
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
