//! Posts to a receiver without TLS and without a proxy, such as the collector beside a service.
//!
//! hyper sends the pieces of a batch from the threads' memory to the socket with one system call, or a few. ureq copies them, makes more
//! than twenty calls and, as it resolves the host's name for each request and within a time, starts a thread: 400 ns a span, in
//! batches of 500.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use opentelemetry::Context;
use tokio::net::TcpStream;
use tokio::runtime::{Handle, Runtime};
use tokio::task::{JoinHandle, yield_now};
use tokio::time::{timeout, timeout_at};

use super::answer::{Answer, MAX_REPLY};
use super::heard::Heard;
use super::pieces::Pieces;
use crate::pipeline::Batch;
use crate::pipeline::cpu;

/// A client with a runtime of its own, which runs while somebody posts.
pub(super) struct Plain {
    /// There until it is dropped.
    runtime: Option<Runtime>,
    client: Client,
}

struct Client {
    host: String,
    port: u16,
    target: Uri,
    headers: HeaderMap,
    connection: Option<Connection>,
}

struct Connection {
    sender: SendRequest<Full<Pieces>>,
    driver: JoinHandle<()>,
}

impl Plain {
    /// `headers` are all but `content-length`.
    ///
    /// # Errors
    /// When the operating system has no more of what a runtime needs.
    pub(super) fn new(host: &str, port: u16, target: PathAndQuery, headers: HeaderMap) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            // For names, as the operating system's resolver knows no deadline.
            .thread_name("otlp-resolve")
            .max_blocking_threads(2)
            .build()?;
        let client = Client { host: host.to_owned(), port, target: target.into(), headers, connection: None };
        Ok(Self { runtime: Some(runtime), client })
    }

    /// Posts a batch.
    pub(super) fn post(&mut self, batch: Batch, deadline: Instant) -> io::Result<Answer> {
        let Some(runtime) = &self.runtime else { return Err(ErrorKind::NotConnected.into()) };
        let posting = self.client.post(batch, deadline.into());
        // The export thread is not within a runtime; whoever is may not wait for another.
        if Handle::try_current().is_err() {
            return runtime.block_on(posting);
        }
        std::thread::scope(|scope| {
            let elsewhere =
                std::thread::Builder::new().name("otlp-http".into()).spawn_scoped(scope, || {
                    let _untraced = Context::enter_telemetry_suppressed_scope();
                    runtime.block_on(posting)
                })?;
            elsewhere.join().unwrap_or_else(|_| Err(io::Error::other("the thread panicked")))
        })
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Does not wait for the resolver, so it may happen within another runtime.
            runtime.shutdown_background();
        }
    }
}

impl Client {
    async fn post(&mut self, batch: Batch, deadline: tokio::time::Instant) -> io::Result<Answer> {
        let response = timeout_at(deadline, self.send(batch, deadline)).await;
        let answer = match response.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into())) {
            Ok(response) => {
                let mut answer = Answer::new(response.status(), response.headers());
                // The receiver has decided by now: a body that cannot be read must not send the batch again.
                let body =
                    timeout_at(deadline, Limited::new(response.into_body(), MAX_REPLY).collect()).await;
                answer.body = body.ok().and_then(Result::ok).map(|body| body.to_bytes());
                Ok(answer)
            }
            Err(error) => Err(error),
        };
        // Ready for the next request, or nothing can be made of it. It may hold the batch then.
        if let Some(lost) = self.connection.take_if(|it| answer.is_err() || !it.sender.is_ready()) {
            lost.close().await;
        }
        answer
    }

    async fn send(&mut self, batch: Batch, deadline: tokio::time::Instant) -> io::Result<Response<Incoming>> {
        let mut request = Request::new(Full::new(Pieces::new(batch)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.target.clone();
        *request.headers_mut() = self.headers.clone();
        cpu::offer_cpu();
        if let Some(idle) = self.connection.take() {
            // The runtime has rested since the last batch: the first time it asks the operating system what has happened
            // meanwhile, and the second time the driver hears of it.
            yield_now().await;
            yield_now().await;
            if idle.sender.is_ready() {
                self.connection = Some(idle);
            } else {
                idle.close().await;
            }
        }
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(Connection::open(&self.host, self.port, deadline).await?),
        };
        connection.sender.send_request(request).await.map_err(of_io)
    }
}

impl Connection {
    /// Connects to the first address that answers.
    async fn open(host: &str, port: u16, deadline: tokio::time::Instant) -> io::Result<Self> {
        let addresses = tokio::net::lookup_host((host, port)).await.map_err(|_| ErrorKind::NotFound)?;
        let addresses: Vec<_> = addresses.collect();
        let mut outcome = Err(ErrorKind::NotFound.into());
        for (tried, address) in addresses.iter().enumerate() {
            // The later ones get their share of the time.
            let left = deadline.saturating_duration_since(tokio::time::Instant::now());
            let share = left / u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
            let connected = timeout(share.max(Duration::from_millis(1)), TcpStream::connect(address)).await;
            outcome = connected.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()));
            if outcome.is_ok() {
                break;
            }
        }
        let stream = outcome?;
        stream.set_nodelay(true)?;
        let io = TokioIo::new(Heard(stream));
        // Of the head, too, no more is read.
        let (sender, connection) =
            Builder::new().max_buf_size(MAX_REPLY).handshake(io).await.map_err(of_io)?;
        let driver = tokio::spawn(async {
            // The request at hand has heard of an error; without one it does not matter.
            let _ = connection.await;
        });
        Ok(Self { sender, driver })
    }

    /// Lets go of the socket, and of the batch that it may still send.
    async fn close(self) {
        drop(self.sender);
        self.driver.abort();
        let _ = self.driver.await;
    }
}

/// Says what an error of hyper's is as one of the socket.
fn of_io(error: hyper::Error) -> io::Error {
    if error.is_parse() {
        return ErrorKind::InvalidData.into();
    }
    let mut innermost: &(dyn Error + 'static) = &error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    match innermost.downcast_ref::<io::Error>() {
        Some(error) => io::Error::new(error.kind(), error.to_string()),
        None => io::Error::other(innermost.to_string()),
    }
}
