//! The attributes of a server span that are known when it starts.

use std::net::SocketAddr;

use http::HeaderValue;
use tracing_core_lite::Recorder;
use tracing_core_lite::net::{HostPort, IpText, PeerAddress, default_port};
use tracing_core_lite::propagation::HeaderScan;

use super::client_address::{Seen, seen};
use super::config::Config;
use crate::address::record_peer;
use crate::exchange::content_length;
use crate::head::RequestHead;
use crate::known_methods::{self, OTHER};
use crate::semconv::{
    CLIENT_ADDRESS, CLIENT_PORT, METHOD, METHOD_ORIGINAL, PROTOCOL_VERSION, REQUEST_BODY_SIZE, ROUTE,
    SERVER_ADDRESS, SERVER_PORT, URL_PATH, URL_QUERY, URL_SCHEME, USER_AGENT, protocol_version,
};

/// Longest `user_agent.original` that is recorded, in bytes.
const LONGEST_USER_AGENT: usize = 512;

/// Sets every attribute of the conventions that `request` has.
pub(super) fn record(
    span: &mut Recorder<'_>,
    config: &Config,
    request: &RequestHead<'_>,
    headers: &HeaderScan<'_>,
    method: &str,
    route: Option<&str>,
) {
    let peer = peer(request);
    let seen = seen(config.proxies.as_ref(), request.headers(), peer);
    span.set(METHOD, method);
    if method == OTHER {
        span.set(METHOD_ORIGINAL, known_methods::original(request.method()));
    }
    span.set_some(ROUTE, route);
    record_url(span, config, request, headers, &seen);
    record_addresses(span, config, &seen, peer);
    span.set_some(PROTOCOL_VERSION, protocol_version(request.version()));
    if let Some(user_agent) = headers.value("user-agent") {
        span.set_utf8(USER_AGENT, bounded_user_agent(user_agent.as_bytes()));
    }
    if config.body_sizes {
        span.set_some(REQUEST_BODY_SIZE, content_length(request.headers()));
    }
    config.request_headers.record(span, request.headers());
}

fn record_url(
    span: &mut Recorder<'_>,
    config: &Config,
    request: &RequestHead<'_>,
    headers: &HeaderScan<'_>,
    seen: &Seen<'_>,
) {
    let uri = request.uri();
    let known_scheme = scheme(config, request, seen.proto);
    span.set(URL_SCHEME, known_scheme.unwrap_or("http")).set(URL_PATH, uri.path());
    if let Some(query) = uri.query() {
        span.set(URL_QUERY, &config.secret_keys.query(query));
    }
    let authority = seen
        .host
        .or_else(|| uri.authority().map(http::uri::Authority::as_str))
        .map(str::as_bytes)
        .or_else(|| headers.value("host").map(HeaderValue::as_bytes));
    if let Some((host, port)) = authority.and_then(HostPort::split) {
        // A scheme that is only assumed says nothing about the port.
        let port = port.or_else(|| default_port(known_scheme?));
        span.set_utf8(SERVER_ADDRESS, host).set_some(SERVER_PORT, port);
    }
}

/// The scheme, as far as somebody knows it.
fn scheme<'a>(config: &Config, request: &RequestHead<'a>, proto: Option<&'a str>) -> Option<&'a str> {
    proto.or_else(|| request.uri().scheme_str()).or(config.scheme)
}

/// Client and peer are often one and the same: its address is then written out once.
fn record_addresses(span: &mut Recorder<'_>, config: &Config, seen: &Seen<'_>, peer: Option<SocketAddr>) {
    let text = peer.map(|peer| IpText::new(peer.ip()));
    if let Some((address, port)) = seen.client {
        match &text {
            Some(text) if peer.is_some_and(|peer| peer.ip() == address) => {
                span.set(CLIENT_ADDRESS, text.as_str())
            }
            _ => span.set(CLIENT_ADDRESS, IpText::new(address).as_str()),
        };
        if config.client_port {
            span.set_some(CLIENT_PORT, port);
        }
    }
    if let (Some(peer), Some(text)) = (peer, &text) {
        record_peer(span, text.as_str(), peer.port());
    }
}

fn peer(request: &RequestHead<'_>) -> Option<SocketAddr> {
    let extensions = request.extensions();
    if let Some(PeerAddress(peer)) = extensions.get() {
        return Some(*peer);
    }
    #[cfg(feature = "axum")]
    if let Some(axum::extract::ConnectInfo(peer)) = extensions.get::<axum::extract::ConnectInfo<SocketAddr>>()
    {
        return Some(*peer);
    }
    None
}

/// Cut between two characters, if it is text.
#[inline]
fn bounded_user_agent(text: &[u8]) -> &[u8] {
    if text.len() <= LONGEST_USER_AGENT {
        return text;
    }
    let is_start = |byte: u8| byte & 0xc0 != 0x80;
    let end = (0..=LONGEST_USER_AGENT).rev().find(|at| is_start(text[*at])).unwrap_or_default();
    &text[..end]
}

#[cfg(feature = "metrics")]
pub(super) fn scheme_for_metrics(config: &Config, request: &RequestHead<'_>) -> &'static str {
    let seen = seen(config.proxies.as_ref(), request.headers(), peer(request));
    match scheme(config, request, seen.proto) {
        Some("https") => "https",
        // Others are not told apart, as a client may write any.
        _ => "http",
    }
}
