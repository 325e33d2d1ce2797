//! The known properties of a call when it starts.

use std::net::SocketAddr;

use opentelemetry::Context;

use super::Conventions;
use super::attribute::{
    METHOD, METHOD_ORIGINAL, OLD_SERVICE, OLD_SYSTEM, OTHER_METHOD, PEER_ADDRESS, PEER_PORT, SYSTEM_NAME,
};
use crate::layer_support::IpText;
use crate::span::Recorder;

/// The longest name of an unknown method that is recorded, in bytes.
const MAX_ORIGINAL: usize = 256;

/// The known properties of a call when it starts: the method, and the other end of the connection.
///
/// All values are borrowed, so describing a call costs nothing when its span is not recorded.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    method: Option<&'a str>,
    original: Option<&'a str>,
    pub(super) peer: Option<SocketAddr>,
    pub(super) parent: Option<&'a Context>,
}

impl<'a> Call<'a> {
    /// Creates a call of `method`, whose full name has the form `{service}/{method}`, such as `shop.Prices/get`.
    ///
    /// The span has this name, so there must be few of them. A server that receives a name that it does not know calls
    /// [`Call::unknown`].
    #[must_use]
    pub const fn new(method: &'a str) -> Self {
        Self { method: Some(method), original: None, peer: None, parent: None }
    }

    /// Creates a call of a method that the server does not know. Callers may send any name, so the span is named after the
    /// protocol, and `rpc.method` is `_OTHER`.
    #[must_use]
    pub const fn unknown(name: &'a str) -> Self {
        Self { method: None, original: Some(name), peer: None, parent: None }
    }

    /// Sets the address at the other end of the connection; not recorded by default.
    #[must_use]
    pub const fn with_peer(mut self, address: SocketAddr) -> Self {
        self.peer = Some(address);
        self
    }

    /// Sets the context in which the call happens; by default [`Context::current`].
    ///
    /// The span of a client becomes a child of the span in `parent`. A server keeps the values of `parent`, such as baggage,
    /// and its span becomes a child of the span in `parent` only if that belongs to the trace of the caller.
    #[must_use]
    pub const fn with_parent(mut self, parent: &'a Context) -> Self {
        self.parent = Some(parent);
        self
    }

    /// Returns the name of the span (semantic conventions v1.44.0, RPC spans, section "Span name").
    pub(super) fn span_name(&self, system: &'a str) -> &'a str {
        self.method.unwrap_or(system)
    }

    pub(super) fn record(&self, span: &mut Recorder<'_>, system: &str, conventions: Conventions) {
        if conventions.has_stable() {
            span.set(SYSTEM_NAME, system);
        }
        if conventions.has_old() {
            span.set(OLD_SYSTEM, system);
        }
        match self.method {
            Some(method) => record_method(span, method, conventions),
            None => {
                span.set(METHOD, OTHER_METHOD);
                span.set_some(METHOD_ORIGINAL, self.original.map(cut));
            }
        }
        if let Some(peer) = self.peer {
            span.set(PEER_ADDRESS, IpText::new(peer.ip()).as_str()).set(PEER_PORT, peer.port());
        }
    }
}

fn record_method(span: &mut Recorder<'_>, method: &str, conventions: Conventions) {
    let (service, name) = match method.rsplit_once('/') {
        Some((service, name)) => (Some(service), name),
        None => (None, method),
    };
    span.set(METHOD, if conventions.has_stable() { method } else { name });
    if conventions.has_old() {
        span.set_some(OLD_SERVICE, service);
    }
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(MAX_ORIGINAL);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
