//! A lower bound: the cost of a layer that can record this one span and nothing else. This one is for axum; [the one for
//! gRPC](super::lower_bound_grpc) shares its parts.
//!
//! It reads `traceparent`, makes the span current in a thread-local of its own, and writes nine attributes as OTLP bytes into
//! per-thread buffers, which an export thread takes over. It has no sampler, no propagators, no OpenTelemetry context, no
//! limits and no error handling. It ignores bodies and loses cancelled requests.

use std::cell::{Cell, RefCell};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::pin::Pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock, atomic::Ordering};
use std::task::{Context, Poll, ready};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::{MatchedPath, Request};
use axum::response::Response;
use pin_project_lite::pin_project;

use super::{Service, router};
use crate::exporters::{ATTRIBUTES, Out, SPANS};

const CHUNK: usize = 64 * 1024;

static ORDERS: OnceLock<Sender<Order>> = OnceLock::new();

thread_local! {
    static CHUNK_OF_THREAD: RefCell<Chunk> = RefCell::default();
    static POOL: RefCell<Vec<Vec<u8>>> = RefCell::default();
    static CURRENT: Cell<Option<Ids>> = const { Cell::new(None) };
    static RANDOM: Cell<u64> = const { Cell::new(0x9e37_79b9_7f4a_7c15) };
}

/// The ended spans of a thread.
#[derive(Default)]
struct Chunk {
    bytes: Vec<u8>,
    spans: u64,
}

struct Order {
    chunk: Chunk,
    done: Option<Sender<()>>,
}

#[derive(Clone, Copy)]
pub struct Ids {
    trace: [u8; 16],
    parent: [u8; 8],
    span: [u8; 8],
}

pub fn service(out: &Out) -> Service {
    let flush = start_export(out, 9);
    Service { router: router().layer(LowerBoundLayer(Arc::from("setting"))), flush }
}

/// Starts the thread that takes the spans, with this number of attributes each. Returns a function that flushes it.
pub fn start_export(out: &Out, attributes: u64) -> Box<dyn Fn()> {
    let (sender, receiver) = channel();
    let address = out.http_address().map(str::to_owned);
    std::thread::spawn(move || export(&receiver, address.as_deref(), attributes));
    let _ = ORDERS.set(sender);
    Box::new(|| {
        let (done, wait) = channel();
        give(Order { chunk: CHUNK_OF_THREAD.take(), done: Some(done) });
        wait.recv().expect("the export thread lives as long as this");
    })
}

fn give(order: Order) {
    let _ = ORDERS.get().expect("set with the service").send(order);
}

#[derive(Clone)]
struct LowerBoundLayer(Arc<str>);

impl<S> tower::Layer<S> for LowerBoundLayer {
    type Service = LowerBound<S>;

    fn layer(&self, inner: S) -> LowerBound<S> {
        LowerBound { inner, _setting: Arc::clone(&self.0) }
    }
}

#[derive(Clone)]
struct LowerBound<S> {
    inner: S,
    _setting: Arc<str>,
}

impl<S: tower::Service<Request, Response = Response>> tower::Service<Request> for LowerBound<S> {
    type Response = Response;
    type Error = S::Error;
    type Future = Traced<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let (ids, sampled) = ids_of(request.headers());
        let span = sampled.then(|| {
            let mut fields = buffer();
            write_request(&mut fields, &request);
            (fields, now())
        });
        Traced { inner: self.inner.call(request), ids, span }
    }
}

pin_project! {
    struct Traced<F> {
        #[pin]
        inner: F,
        ids: Ids,
        // The encoded part, and the start time.
        span: Option<(Vec<u8>, u64)>,
    }
}

impl<F: Future<Output = Result<Response, E>>, E> Future for Traced<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let result = ready!(this.ids.within(|| this.inner.poll(cx)));
        if let (Some((mut fields, start)), Ok(response)) = (this.span.take(), &result) {
            number(&mut fields, "http.response.status_code", response.status().as_u16());
            end(fields, start, *this.ids);
        }
        Poll::Ready(result)
    }
}

impl Ids {
    /// Runs `work` while these ids are current.
    #[inline]
    pub fn within<R>(self, work: impl FnOnce() -> R) -> R {
        let before = CURRENT.replace(Some(self));
        let result = work();
        CURRENT.set(before);
        result
    }
}

/// Returns a buffer for a span.
pub fn buffer() -> Vec<u8> {
    POOL.with_borrow_mut(Vec::pop).unwrap_or_default()
}

/// Returns the ids of a span, and whether it is sampled.
pub fn ids_of(headers: &http::HeaderMap) -> (Ids, bool) {
    let sent = headers.get("traceparent").and_then(|value| parse(value.as_bytes()));
    let random = RANDOM.with(|state| {
        let mut bits = state.get();
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        state.set(bits);
        bits
    });
    let (trace, parent, sampled) = sent.unwrap_or(([7; 16], [0; 8], true));
    (Ids { trace, parent, span: random.to_be_bytes() }, sampled)
}

fn parse(header: &[u8]) -> Option<([u8; 16], [u8; 8], bool)> {
    let [b'0', b'0', b'-', rest @ ..] = header else { return None };
    let (trace, rest) = rest.split_first_chunk::<32>()?;
    let (parent, flags) = rest.strip_prefix(b"-")?.split_first_chunk::<16>()?;
    let digit = |byte: u8| (byte as char).to_digit(16).map(|digit| digit as u8);
    let byte = |pair: &[u8]| Some(digit(pair[0])? << 4 | digit(pair[1])?);
    let (mut trace_id, mut parent_id) = ([0; 16], [0; 8]);
    for (byte_of_id, pair) in trace_id.iter_mut().zip(trace.chunks(2)) {
        *byte_of_id = byte(pair)?;
    }
    for (byte_of_id, pair) in parent_id.iter_mut().zip(parent.chunks(2)) {
        *byte_of_id = byte(pair)?;
    }
    let flags = byte(flags.strip_prefix(b"-")?.get(..2)?)?;
    Some((trace_id, parent_id, flags & 1 == 1))
}

/// Writes name, kind and attributes. Every text is shorter than 128 bytes, so that a length is one byte.
fn write_request(fields: &mut Vec<u8>, request: &Request) {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
    let (method, path) = (request.method().as_str(), request.uri().path());
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let (host, port) = header("host").split_once(':').unwrap_or(("", ""));
    fields.extend([5 << 3 | 2, (method.len() + 1 + route.len()) as u8]);
    fields.extend(method.as_bytes());
    fields.push(b' ');
    fields.extend(route.as_bytes());
    fields.extend([6 << 3, 2]);
    text(fields, "http.request.method", method);
    text(fields, "http.route", route);
    text(fields, "url.path", path);
    text(fields, "url.scheme", "http");
    text(fields, "server.address", host);
    number(fields, "server.port", port.parse().unwrap_or(0));
    text(fields, "network.protocol.version", "1.1");
    text(fields, "user_agent.original", header("user-agent"));
}

pub fn text(fields: &mut Vec<u8>, key: &str, value: &str) {
    let (key_length, length) = (key.len() as u8, value.len() as u8);
    fields.extend([9 << 3 | 2, key_length + length + 6, 1 << 3 | 2, key_length]);
    fields.extend(key.as_bytes());
    fields.extend([2 << 3 | 2, length + 2, 1 << 3 | 2, length]);
    fields.extend(value.as_bytes());
}

/// Writes a number from 128 to 65,535: two or three bytes as a protobuf varint.
pub fn number(fields: &mut Vec<u8>, key: &str, value: u16) {
    let key_length = key.len() as u8;
    let varint = [value as u8 | 0x80, (value >> 7) as u8 | 0x80, (value >> 14) as u8];
    let varint = if value < 1 << 14 { &[varint[0], varint[1] & 0x7f] } else { &varint[..] };
    let length = varint.len() as u8;
    fields.extend([9 << 3 | 2, key_length + length + 5, 1 << 3 | 2, key_length]);
    fields.extend(key.as_bytes());
    fields.extend([2 << 3 | 2, length + 1, 3 << 3]);
    fields.extend(varint);
}

pub fn end(mut fields: Vec<u8>, start: u64, ids: Ids) {
    fields.extend([1 << 3 | 2, 16]);
    fields.extend(ids.trace);
    fields.extend([2 << 3 | 2, 8]);
    fields.extend(ids.span);
    fields.extend([4 << 3 | 2, 8]);
    fields.extend(ids.parent);
    fields.push(7 << 3 | 1);
    fields.extend(start.to_le_bytes());
    fields.push(8 << 3 | 1);
    fields.extend(now().to_le_bytes());
    CHUNK_OF_THREAD.with_borrow_mut(|chunk| {
        chunk.bytes.extend([2 << 3 | 2, fields.len() as u8 | 0x80, (fields.len() >> 7) as u8]);
        chunk.bytes.extend_from_slice(&fields);
        chunk.spans += 1;
        if chunk.bytes.len() > CHUNK - 1024 {
            let next = Chunk { bytes: Vec::with_capacity(CHUNK), spans: 0 };
            give(Order { chunk: std::mem::replace(chunk, next), done: None });
        }
    });
    fields.clear();
    POOL.with_borrow_mut(|pool| pool.push(fields));
}

pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos() as u64)
}

/// Sends each chunk to the address, or counts its spans when there is none.
fn export(orders: &Receiver<Order>, address: Option<&str>, attributes: u64) {
    let mut stream = address.map(|address| TcpStream::connect(address).expect("a sink that listens"));
    for Order { chunk, done } in orders {
        match &mut stream {
            None => _ = SPANS.fetch_add(chunk.spans, Ordering::Relaxed),
            Some(stream) if chunk.spans > 0 => post(stream, &chunk.bytes).expect("a sink that answers"),
            Some(_) => {}
        }
        ATTRIBUTES.store(attributes, Ordering::Relaxed);
        if let Some(done) = done {
            let _ = done.send(());
        }
    }
}

fn post(stream: &mut TcpStream, spans: &[u8]) -> std::io::Result<()> {
    // Chunks are smaller than two megabytes, so three bytes hold every length.
    let varint = |length: usize| [length as u8 | 0x80, (length >> 7) as u8 | 0x80, (length >> 14) as u8];
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: sink\r\ncontent-type: application/x-protobuf\r\ncontent-length: {}\r\n\r\n",
        spans.len() + 8
    );
    let mut request = head.into_bytes();
    request.push(1 << 3 | 2);
    request.extend(varint(spans.len() + 4));
    request.push(2 << 3 | 2);
    request.extend(varint(spans.len()));
    request.extend_from_slice(spans);
    stream.write_all(&request)?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let mut buffer = [0; 1024];
        let read = stream.read(&mut buffer)?;
        answer.extend_from_slice(&buffer[..read]);
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}
