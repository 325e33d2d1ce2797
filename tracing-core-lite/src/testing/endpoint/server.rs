//! The HTTP server of the fake endpoint.

use std::collections::VecDeque;
use std::io::{self, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::reply::Action;
use super::{Received, Reply};
use crate::span::data::FinishedSpan;

/// An OTLP/HTTP endpoint on its own loopback port, safe for tests that run in parallel.
///
/// It reads protobuf and JSON, with gzip (feature `gzip`) or without, and records every request. It sends the scripted
/// replies in order, and then [`Reply::ok`]. Dropping it closes every connection.
///
/// ```
/// use tracing_core_lite::testing::{FakeOtlp, Reply};
///
/// # fn main() -> std::io::Result<()> {
/// let receiver = FakeOtlp::start()?;
/// receiver.reply(Reply::status(503).with_retry_after(1));
/// assert!(receiver.url().starts_with("http://127.0.0.1:"));
/// assert!(receiver.requests().is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct FakeOtlp {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    replies: VecDeque<Reply>,
    received: Vec<Received>,
    connections: Vec<(TcpStream, JoinHandle<()>)>,
    accepted: usize,
    stopped: bool,
}

impl FakeOtlp {
    /// Starts the endpoint.
    ///
    /// # Errors
    /// Returns an error if no loopback port is available.
    pub fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let accepting = {
            let shared = Arc::clone(&shared);
            std::thread::Builder::new().name("fake-otlp".into()).spawn(move || accept(&listener, &shared))?
        };
        Ok(Self { address, shared, accepting: Some(accepting) })
    }

    /// Returns the base URL, such as `http://127.0.0.1:40001`, as a value for `OTEL_EXPORTER_OTLP_ENDPOINT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Adds a reply to the script.
    pub fn reply(&self, reply: Reply) {
        self.shared.lock().replies.push_back(reply);
    }

    /// Returns the requests so far.
    #[must_use]
    pub fn requests(&self) -> Vec<Received> {
        self.shared.lock().received.clone()
    }

    /// Waits up to `patience` until `count` requests have arrived, and returns all [`requests`](Self::requests).
    #[must_use]
    pub fn wait_for(&self, count: usize, patience: Duration) -> Vec<Received> {
        let deadline = Instant::now() + patience;
        let mut state = self.shared.lock();
        while state.received.len() < count {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self.shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.received.clone()
    }

    /// Returns the spans of all requests so far that could be decoded, whatever the replies were.
    #[must_use]
    pub fn spans(&self) -> Vec<FinishedSpan> {
        let requests = self.requests().into_iter().filter_map(|request| request.spans.ok());
        requests.flat_map(FinishedSpan::flatten).collect()
    }

    /// Returns the number of connections accepted so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.lock().accepted
    }
}

impl Drop for FakeOtlp {
    fn drop(&mut self) {
        self.shared.lock().stopped = true;
        self.shared.changed.notify_all();
        // Wakes the accepting thread, which then stops.
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
        let connections = std::mem::take(&mut self.shared.lock().connections);
        for (stream, thread) in connections {
            let _ = stream.shutdown(Shutdown::Both);
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a request and returns the reply to it.
    fn record(&self, received: Received) -> Reply {
        let mut state = self.lock();
        state.received.push(received);
        let reply = state.replies.pop_front().unwrap_or_default();
        self.changed.notify_all();
        reply
    }

    /// Waits for `time`, or until the endpoint stops.
    fn pause(&self, time: Duration) {
        let stopped = |state: &mut State| !state.stopped;
        drop(self.changed.wait_timeout_while(self.lock(), time, stopped));
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.lock().stopped {
            return;
        }
        let Ok((stream, handle)) = stream.and_then(|stream| Ok((stream.try_clone()?, stream))) else {
            continue;
        };
        let for_thread = Arc::clone(shared);
        let thread = std::thread::Builder::new().spawn(move || {
            // Tests break off connections and send malformed requests on purpose.
            let _ = serve(&stream, &for_thread);
            let _ = stream.shutdown(Shutdown::Both);
        });
        let mut state = shared.lock();
        state.accepted += 1;
        if let Ok(thread) = thread {
            state.connections.push((handle, thread));
        }
    }
}

fn serve(stream: &TcpStream, shared: &Shared) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    while let Some(received) = Received::read(&mut reader)? {
        let media_type = received.header("content-type").unwrap_or("application/x-protobuf").to_owned();
        let reply = shared.record(received);
        match &reply.action {
            Action::Respond(..) => writer.write_all(&reply.encoded(&media_type).unwrap_or_default())?,
            Action::Hang(time) => {
                shared.pause(*time);
                return Ok(());
            }
            Action::Close => return Ok(()),
        }
    }
    Ok(())
}
