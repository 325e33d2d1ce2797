//! The attributes of a server's span that are known when it starts.

use std::net::{IpAddr, SocketAddr};

use http::HeaderValue;
use http::uri::Authority;
use tracing_core_lite::Recorder;
use tracing_core_lite::layer_support::{AttributeCache, HeaderScan, IpText, SetAttribute};
use tracing_core_lite::net::{HostPort, PeerAddress, default_port};

use super::address::record_peer;
use super::call::content_length;
use super::client_address::{Seen, connection, seen};
use super::known_methods::{self, OTHER};
use super::semconv::{
    CLIENT_ADDRESS, CLIENT_PORT, METHOD, METHOD_ORIGINAL, PROTOCOL_VERSION, REQUEST_BODY_SIZE, ROUTE,
    SERVER_ADDRESS, SERVER_PORT, URL_PATH, URL_QUERY, URL_SCHEME, USER_AGENT, protocol_version,
};
use crate::head::RequestHead;
use crate::server::ServerConfig;

/// Longest `user_agent.original`, in bytes.
const LONGEST_USER_AGENT: usize = 512;

/// Names the cache of this layer.
struct ServerTargets;

thread_local! {
    /// The attributes that follow from a request's method, route and authority, and from its scheme and version.
    static TARGETS: AttributeCache<ServerTargets, 2> = const { AttributeCache::new() };
}

/// The peer of a request, and what trusted proxies say about it.
pub(crate) struct Addresses<'a> {
    peer: Option<SocketAddr>,
    seen: Option<Seen<'a>>,
}

impl<'a> Addresses<'a> {
    #[inline]
    pub(crate) fn of(config: &ServerConfig, request: &RequestHead<'a>) -> Self {
        let peer = peer(request);
        let seen = config.proxies.as_ref().map(|proxies| seen(proxies, request.headers(), peer));
        Self { peer, seen }
    }

    pub(super) fn peer(&self) -> Option<IpAddr> {
        self.peer.map(|peer| peer.ip())
    }

    /// Returns the address that is recorded as the client's.
    pub(super) fn client(&self) -> Option<IpAddr> {
        self.seen
            .as_ref()
            .map_or_else(|| connection(self.peer), |seen| seen.client)
            .map(|(address, _)| address)
    }

    /// Returns the host and port that the client asked for, if they are text.
    pub(super) fn authority(&self, request: &RequestHead<'a>) -> Option<&'a str> {
        let seen = self.seen.as_ref().and_then(|seen| seen.host);
        seen.or_else(|| request.uri().authority().map(Authority::as_str))
            .or_else(|| request.headers().get(http::header::HOST)?.to_str().ok())
    }

    /// Returns the scheme, as far as anything names it.
    #[inline]
    pub(super) fn scheme(&self, config: &ServerConfig, request: &RequestHead<'a>) -> Option<&'a str> {
        let proto = self.seen.as_ref().and_then(|seen| seen.proto);
        proto.or_else(|| request.uri().scheme_str()).or(config.scheme)
    }

    /// Returns `https` or `http`. Other schemes are not told apart, because clients choose them.
    #[cfg(feature = "metrics")]
    pub(crate) fn scheme_for_metrics(
        &self,
        config: &ServerConfig,
        request: &RequestHead<'a>,
    ) -> &'static str {
        match self.scheme(config, request) {
            Some("https") => "https",
            _ => "http",
        }
    }
}

/// Sets every attribute of the conventions that `request` has.
pub(crate) fn record_request(
    span: &mut Recorder<'_>,
    config: &ServerConfig,
    request: &RequestHead<'_>,
    headers: &HeaderScan<'_>,
    addresses: &Addresses<'_>,
    method: &str,
    route: Option<&str>,
) {
    record_target(span, config, request, headers, addresses, method, route);
    if method == OTHER {
        span.set(METHOD_ORIGINAL, known_methods::original(request.method()));
    }
    let common = &config.common;
    let uri = request.uri();
    span.set(URL_PATH, &common.secret_keys.path(uri.path()));
    if let Some(query) = uri.query() {
        span.set(URL_QUERY, &common.secret_keys.query(query));
    }
    // axum adds the peer only to services that ask for it.
    if addresses.seen.is_some() || addresses.peer.is_some() {
        record_addresses(span, config, addresses);
    }
    if let Some(user_agent) = headers.value("user-agent") {
        span.set_utf8(USER_AGENT, bounded_user_agent(user_agent.as_bytes()));
    }
    if common.body_sizes {
        span.set_some(REQUEST_BODY_SIZE, content_length(request.headers()));
    }
    common.request_headers.record(span, request.headers());
}

/// Sets the attributes that are the same for most requests to a route. They are encoded once and then kept, unless the
/// method is unknown.
fn record_target(
    span: &mut Recorder<'_>,
    config: &ServerConfig,
    request: &RequestHead<'_>,
    headers: &HeaderScan<'_>,
    addresses: &Addresses<'_>,
    method: &str,
    route: Option<&str>,
) {
    let version = protocol_version(request.version());
    // A scheme that is only assumed does not imply a port.
    let known_scheme = addresses.scheme(config, request);
    let scheme = known_scheme.unwrap_or("http");
    let authority = addresses
        .seen
        .as_ref()
        .and_then(|seen| seen.host)
        .or_else(|| request.uri().authority().map(Authority::as_str))
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
        if let Some(HostPort { host, port, .. }) = server {
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
            AttributeCache::<ServerTargets, 2>::record(&TARGETS, span, tag, texts, &each);
        }
        None => each(&mut |key, value| {
            span.set(key, value);
        }),
    }
}

/// Returns a number for method, scheme and version, and for whether there is a route, which may be empty. `None` for rare
/// schemes.
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

/// Sets the addresses of client and peer. The two are often the same, whose text is then made once.
fn record_addresses(span: &mut Recorder<'_>, config: &ServerConfig, addresses: &Addresses<'_>) {
    let Addresses { peer, seen } = addresses;
    let text = peer.map(|peer| IpText::new(peer.ip()));
    if let Some((address, port)) = seen.as_ref().map_or_else(|| connection(*peer), |seen| seen.client) {
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

/// Returns the address of the connection's other end.
pub(crate) fn peer(request: &RequestHead<'_>) -> Option<SocketAddr> {
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

/// Cuts a long text between two characters.
#[inline]
fn bounded_user_agent(text: &[u8]) -> &[u8] {
    if text.len() <= LONGEST_USER_AGENT {
        return text;
    }
    let is_start = |byte: u8| byte & 0xc0 != 0x80;
    let end = (0..=LONGEST_USER_AGENT).rev().find(|at| is_start(text[*at])).unwrap_or_default();
    &text[..end]
}
