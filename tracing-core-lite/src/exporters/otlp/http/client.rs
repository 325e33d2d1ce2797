//! Posts batches to a receiver.
//!
//! hyper sends the slices of a batch from the threads' memory to the socket with one system call or a few.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::time::Instant;

use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Request, Response, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::runtime::{Handle, Runtime};
use tokio::task::{JoinHandle, yield_now};
use tokio::time::timeout_at;

use super::batch_body::BatchBody;
use super::receive_first::ReceiveFirst;
use super::response::{MAX_BODY, ReceiverResponse};
use crate::context::suppress_tracing;
use crate::cost::OwnThread;
use crate::exporters::otlp::connect::Connector;
use crate::pipeline::Batch;
use crate::pipeline::cpu;

/// A client with a runtime of its own, which runs only during a request.
pub(super) struct Client {
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
    requests: Requests,
}

struct Requests {
    connector: Connector,
    target: Uri,
    headers: HeaderMap,
    connection: Option<Connection>,
}

struct Connection {
    sender: SendRequest<Full<BatchBody>>,
    driver: JoinHandle<()>,
}

/// Why a request got no response.
pub(super) struct Failure {
    pub(super) error: io::Error,
    /// Whether there was no connection to send the request on.
    pub(super) while_connecting: bool,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self { error, while_connecting: false }
    }
}

impl Client {
    /// Creates a client. `url` has no credentials. `headers` are all headers but `content-length`.
    ///
    /// # Errors
    /// If the operating system has no resources for a runtime.
    pub(super) fn new(connector: Connector, url: &Uri, mut headers: HeaderMap) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            // Names are resolved on these threads, because the operating system's resolver knows no deadline.
            .thread_name("otlp-resolve")
            .max_blocking_threads(2)
            .on_thread_start(|| std::mem::forget(suppress_tracing()))
            .build()?;
        let target = match connector.forwarding_proxy() {
            Some(authorization) => {
                if let Some(value) = authorization {
                    headers.insert(header::PROXY_AUTHORIZATION, value.clone());
                }
                url.clone()
            }
            None => url.path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/")).into(),
        };
        let requests = Requests { connector, target, headers, connection: None };
        Ok(Self { runtime: Some(runtime), requests })
    }

    /// Posts a batch.
    pub(super) fn post(&mut self, batch: Batch, deadline: Instant) -> Result<ReceiverResponse, Failure> {
        let Some(runtime) = &self.runtime else {
            return Err(io::Error::from(ErrorKind::NotConnected).into());
        };
        let posting = self.requests.post(batch, deadline.into());
        // The export thread is not part of a runtime. A thread that is must not block on another runtime.
        if Handle::try_current().is_err() {
            return runtime.block_on(posting);
        }
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().name("otlp-http".into()).spawn_scoped(scope, || {
                let (_suppressed, _own) = (suppress_tracing(), OwnThread::enter());
                runtime.block_on(posting)
            })?;
            thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread panicked").into()))
        })
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Does not wait for the resolver, so it may happen within another runtime.
            runtime.shutdown_background();
        }
    }
}

impl Requests {
    async fn post(
        &mut self,
        batch: Batch,
        deadline: tokio::time::Instant,
    ) -> Result<ReceiverResponse, Failure> {
        let result = match timeout_at(deadline, self.send(batch, deadline)).await {
            Ok(Ok(response)) => {
                let mut read = ReceiverResponse::new(response.status(), response.headers());
                // The receiver has decided by now: if the body cannot be read, the batch must not be sent again.
                let body = timeout_at(deadline, Limited::new(response.into_body(), MAX_BODY).collect()).await;
                read.body = body.ok().and_then(Result::ok).map(|body| body.to_bytes());
                Ok(read)
            }
            Ok(Err(failure)) => Err(failure),
            Err(_) => Err(io::Error::from(ErrorKind::TimedOut).into()),
        };
        // A connection that is not ready for the next request may still hold the batch.
        if let Some(lost) = self.connection.take_if(|it| result.is_err() || !it.sender.is_ready()) {
            lost.close().await;
        }
        result
    }

    async fn send(
        &mut self,
        batch: Batch,
        deadline: tokio::time::Instant,
    ) -> Result<Response<Incoming>, Failure> {
        let mut request = Request::new(Full::new(BatchBody::new(batch)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.target.clone();
        *request.headers_mut() = self.headers.clone();
        cpu::offer_cpu();
        if let Some(idle) = self.connection.take() {
            // The runtime did not run since the last batch. The first time it asks the operating system for events, and the
            // second time the driver handles them, for example the end of the connection.
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
            none => {
                let opened = Connection::open(&self.connector, deadline).await;
                none.insert(opened.map_err(|error| Failure { error, while_connecting: true })?)
            }
        };
        Ok(connection.sender.send_request(request).await.map_err(of_io)?)
    }
}

impl Connection {
    async fn open(connector: &Connector, deadline: tokio::time::Instant) -> io::Result<Self> {
        let stream = connector.connect(deadline).await?;
        let io = TokioIo::new(ReceiveFirst::new(stream));
        // The size bounds what is read of a response's head, too.
        let (sender, connection) =
            Builder::new().max_buf_size(MAX_BODY).handshake(io).await.map_err(of_io)?;
        let driver = tokio::spawn(async {
            // An error is reported to the request that is under way, and does not matter without one.
            let _ = connection.await;
        });
        Ok(Self { sender, driver })
    }

    /// Closes the socket, and drops the batch that may still be sent.
    async fn close(self) {
        drop(self.sender);
        self.driver.abort();
        let _ = self.driver.await;
    }
}

/// Returns the error of the socket that is behind an error of hyper.
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
