//! The proxy's port.

use std::collections::HashSet;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use super::exchange;
use super::mode::Mode;
use super::state::State;
use crate::span_key::SpanKey;

const POLL: Duration = Duration::from_millis(20);

/// A running proxy.
#[derive(Debug)]
pub(in crate::harness) struct Proxy(Arc<State>);

impl Proxy {
    /// Listens on `port`, and passes requests on to `backend`.
    pub(in crate::harness) fn start(port: u16, backend: u16) -> io::Result<Self> {
        let state = Arc::new(State::new(backend));
        let listener = listen(port)?;
        let shared = Arc::clone(&state);
        thread::Builder::new().name("proxy".to_owned()).spawn(move || accept(&shared, port, listener))?;
        Ok(Self(state))
    }

    pub(in crate::harness) fn set_mode(&self, mode: Mode) {
        self.0.set_mode(mode);
    }

    /// Returns the number of requests that the Collector may have accepted although their sender did not learn it.
    pub(in crate::harness) fn ambiguous(&self) -> u64 {
        self.0.ambiguous()
    }

    /// Returns the number of requests that were answered 413.
    pub(in crate::harness) fn split(&self) -> u64 {
        self.0.split()
    }

    /// Returns the spans of batches that were refused for good.
    pub(in crate::harness) fn refused(&self) -> HashSet<SpanKey> {
        self.0.refused()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.0.is_stopped.store(true, Ordering::Relaxed);
    }
}

fn listen(port: u16) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn accept(state: &Arc<State>, port: u16, listener: TcpListener) {
    let mut listener = Some(listener);
    while !state.is_stopped() {
        if state.mode() == Mode::Refuse {
            listener = None;
        } else if listener.is_none() {
            listener = listen(port).inspect_err(|error| eprintln!("soak: port {port}: {error}")).ok();
        }
        match listener.as_ref().map(TcpListener::accept) {
            Some(Ok((connection, _))) => {
                let state = Arc::clone(state);
                thread::spawn(move || exchange::serve(&state, connection));
            }
            _ => thread::sleep(POLL),
        }
    }
}
