//! The attributes of a server span that are known when it starts.

use std::net::SocketAddr;

use http::HeaderValue;
use tracing_core_lite::Recorder;
use tracing_core_lite::layer_support::HeaderScan;
use tracing_core_lite::layer_support::IpText;
use tracing_core_lite::layer_support::{AttributeCache, SetAttribute};
use tracing_core_lite::net::{HostPort, PeerAddress, default_port};

use super::client_address::{Seen, connection, seen};
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

thread_local! {
    /// What follows from a request's method, route and authority, and from its scheme and version.
    static TARGETS: AttributeCache<2> = const { AttributeCache::new() };
}

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
    let seen = config.proxies.as_ref().map(|proxies| seen(proxies, request.headers(), peer));
    record_target(span, config, request, headers, method, route, seen.as_ref());
    if method == OTHER {
        span.set(METHOD_ORIGINAL, known_methods::original(request.method()));
    }
    let uri = request.uri();
    span.set(URL_PATH, uri.path());
    if let Some(query) = uri.query() {
        span.set(URL_QUERY, &config.secret_keys.query(query));
    }
    // axum tells the peer on demand only.
    if seen.is_some() || peer.is_some() {
        record_addresses(span, config, seen.as_ref(), peer);
    }
    if let Some(user_agent) = headers.value("user-agent") {
        span.set_utf8(USER_AGENT, bounded_user_agent(user_agent.as_bytes()));
    }
    if config.body_sizes {
        span.set_some(REQUEST_BODY_SIZE, content_length(request.headers()));
    }
    config.request_headers.record(span, request.headers());
}

/// Sets what is the same for most requests to a route. With these six attributes encoded already, a request takes 4,140 instructions; set
/// one by one by the same closure, as they are for methods that are not standard, 5,080.
fn record_target(
    span: &mut Recorder<'_>,
    config: &Config,
    request: &RequestHead<'_>,
    headers: &HeaderScan<'_>,
    method: &str,
    route: Option<&str>,
    seen: Option<&Seen<'_>>,
) {
    let version = protocol_version(request.version());
    // A scheme that is only assumed says nothing about the port.
    let known_scheme = scheme(config, request, seen.and_then(|seen| seen.proto));
    let scheme = known_scheme.unwrap_or("http");
    let authority = seen
        .and_then(|seen| seen.host)
        .or_else(|| request.uri().authority().map(http::uri::Authority::as_str))
        .map(str::as_bytes)
        .or_else(|| headers.value("host").map(HeaderValue::as_bytes));
    let each = |set: &mut SetAttribute<'_>| {
        set(METHOD, method.into());
        set(URL_SCHEME, scheme.into());
        if let Some(route) = route {
            set(ROUTE, route.into());
        }
        if let Some(version) = version {
            set(PROTOCOL_VERSION, version.into());
        }
        let server = authority.and_then(|it| HostPort::parse(std::str::from_utf8(it).ok()?));
        if let Some(HostPort { host, port }) = server {
            set(SERVER_ADDRESS, host.into());
            if let Some(port) = port.or_else(|| default_port(known_scheme?)) {
                set(SERVER_PORT, port.into());
            }
        }
    };
    let number = if method == OTHER { None } else { known_methods::number(request.method()) };
    match number.and_then(|number| tag(number, known_scheme, version, route.is_some())) {
        Some(tag) => {
            let texts = [route.unwrap_or_default().as_bytes(), authority.unwrap_or_default()];
            AttributeCache::record(&TARGETS, span, tag, texts, &each);
        }
        None => each(&mut |key, value| {
            span.set(key, value);
        }),
    }
}

/// Stands for method, scheme and version, and for whether there is a route: an empty one is one. `None` for schemes that come rarely.
#[inline]
fn tag(method: u64, scheme: Option<&str>, version: Option<&str>, has_route: bool) -> Option<u64> {
    let scheme = match scheme {
        None => 0,
        Some("http") => 1,
        Some("https") => 2,
        Some(_) => return None,
    };
    // Versions differ in the last digit.
    let version = version.and_then(|version| version.bytes().last()).map_or(0, u64::from);
    Some((version << 16) | (method << 8) | (scheme << 1) | u64::from(has_route))
}

/// The scheme, as far as somebody knows it.
fn scheme<'a>(config: &Config, request: &RequestHead<'a>, proto: Option<&'a str>) -> Option<&'a str> {
    proto.or_else(|| request.uri().scheme_str()).or(config.scheme)
}

/// Client and peer are often one and the same: its address is then written out once.
fn record_addresses(
    span: &mut Recorder<'_>,
    config: &Config,
    seen: Option<&Seen<'_>>,
    peer: Option<SocketAddr>,
) {
    let text = peer.map(|peer| IpText::new(peer.ip()));
    if let Some((address, port)) = seen.map_or_else(|| connection(peer), |seen| seen.client) {
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
    let seen = config.proxies.as_ref().map(|proxies| seen(proxies, request.headers(), peer(request)));
    match scheme(config, request, seen.and_then(|seen| seen.proto)) {
        Some("https") => "https",
        // Others are not told apart, as a client may write any.
        _ => "http",
    }
}
