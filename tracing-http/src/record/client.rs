//! The attributes of a client's span.

use std::net::SocketAddr;

use http::uri::Authority;
use http::{HeaderMap, Response, Uri, header};
use tracing_core_lite::Recorder;
use tracing_core_lite::layer_support::IpText;
use tracing_core_lite::net::{HostPort, PeerAddress};
use tracing_core_lite::propagation::boundary::Receiver;

use super::address::record_peer;
use super::call::content_length;
use super::known_methods::{self, OTHER};
use super::semconv::client::{PEER_SERVICE, RESEND_COUNT, SERVICE_PEER_NAME, URL_FULL, URL_TEMPLATE};
use super::semconv::{
    METHOD, METHOD_ORIGINAL, PROTOCOL_VERSION, REQUEST_BODY_SIZE, SERVER_ADDRESS, SERVER_PORT,
    protocol_version,
};
use crate::client::{ClientConfig, ResendCount};
use crate::head::RequestHead;

/// The server that a request goes to.
pub(crate) struct Target<'a> {
    pub(super) host_header: Option<&'a str>,
    pub(super) server: Option<HostPort<'a>>,
}

impl<'a> Target<'a> {
    #[inline]
    pub(crate) fn of(request: &RequestHead<'a>) -> Self {
        let host_header = host_header(request.headers());
        let authority = request.uri().authority().map(Authority::as_str).or(host_header);
        let server = authority.and_then(HostPort::parse);
        Self { host_header, server: server.map(|server| server.or_port_of(request.uri().scheme_str())) }
    }

    /// Returns who gets the request.
    pub(crate) fn receiver(&self) -> Receiver<'a> {
        self.server.as_ref().map_or(Receiver::Unknown, |server| Receiver::Host(server.host, server.port))
    }

    #[cfg(feature = "metrics")]
    pub(crate) fn host_and_port(&self) -> Option<(&'a str, Option<u16>)> {
        self.server.as_ref().map(|server| (server.host, server.port))
    }
}

/// Sets the attributes that are known when a request is sent.
pub(crate) fn record_request(
    span: &mut Recorder<'_>,
    config: &ClientConfig,
    request: &RequestHead<'_>,
    target: &Target<'_>,
    method: &str,
    template: Option<&str>,
) {
    let common = &config.common;
    span.set(METHOD, method);
    if method == OTHER {
        span.set(METHOD_ORIGINAL, known_methods::original(request.method()));
    }
    if let Some(HostPort { host, port, .. }) = target.server {
        span.set(SERVER_ADDRESS, host).set_some(SERVER_PORT, port);
        let partner = || config.outbound.as_ref()?.partner_of(target.receiver());
        if let Some(name) = config.peer_services.find(host, port).or_else(partner) {
            span.set(SERVICE_PEER_NAME, name);
            span.set_some(PEER_SERVICE, Some(name).filter(|_| config.deprecated_peer_service));
        }
    }
    let url = full_url(request.uri(), target.host_header);
    span.set(URL_FULL, &common.secret_keys.url(&url));
    span.set_some(URL_TEMPLATE, template);
    if let Some(ResendCount(resends @ 1..)) = request.extensions().get() {
        span.set(RESEND_COUNT, *resends);
    }
    if common.body_sizes {
        span.set_some(REQUEST_BODY_SIZE, content_length(request.headers()));
    }
    common.request_headers.record(span, request.headers());
}

/// Sets the attributes that are known when the head of the response arrives.
pub(crate) fn record_response<B>(span: &mut Recorder<'_>, config: &ClientConfig, response: &Response<B>) {
    span.set_some(PROTOCOL_VERSION, protocol_version(response.version()));
    let extensions = response.extensions();
    if let Some(PeerAddress(peer)) = extensions.get() {
        record_address(span, *peer);
    } else {
        #[cfg(feature = "hyper-util")]
        if let Some(info) = extensions.get::<hyper_util::client::legacy::connect::HttpInfo>() {
            record_address(span, info.remote_addr());
        }
    }
    config.common.response_headers.record(span, response.headers());
}

fn record_address(span: &mut Recorder<'_>, peer: SocketAddr) {
    record_peer(span, IpText::new(peer.ip()).as_str(), peer.port());
}

fn host_header(headers: &HeaderMap) -> Option<&str> {
    std::str::from_utf8(headers.get(header::HOST)?.as_bytes()).ok()
}

/// Returns the absolute URL, also of a request that names its host in a header.
pub(super) fn full_url(uri: &Uri, host_header: Option<&str>) -> String {
    let path = uri.path_and_query().map_or("", http::uri::PathAndQuery::as_str);
    let authority = uri.authority().map(Authority::as_str).or(host_header);
    let Some(authority) = authority else { return path.to_owned() };
    let scheme = uri.scheme_str().unwrap_or("http");
    // Formatting an `Uri` takes several times as long.
    let mut url = String::with_capacity(scheme.len() + 3 + authority.len() + path.len());
    url.push_str(scheme);
    url.push_str("://");
    url.push_str(authority);
    url.push_str(path);
    url
}
