//! The attributes of a client span.

use std::net::SocketAddr;

use http::{HeaderMap, Response, Uri, header};
use tracing_core_lite::Recorder;
use tracing_core_lite::layer_support::IpText;
use tracing_core_lite::net::{HostPort, PeerAddress};

use super::config::Config;
use super::resend;
use crate::address::record_peer;
use crate::head::RequestHead;
use crate::known_methods::{self, OTHER};
use crate::semconv::client::{PEER_SERVICE, RESEND_COUNT, SERVICE_PEER_NAME, URL_FULL, URL_TEMPLATE};
use crate::semconv::{
    METHOD, METHOD_ORIGINAL, PROTOCOL_VERSION, REQUEST_BODY_SIZE, SERVER_ADDRESS, SERVER_PORT,
    protocol_version,
};

/// Sets what is known when a request is sent.
pub(super) fn record_request(
    span: &mut Recorder<'_>,
    config: &Config,
    request: &RequestHead<'_>,
    method: &str,
    template: Option<&str>,
) {
    span.set(METHOD, method);
    if method == OTHER {
        span.set(METHOD_ORIGINAL, known_methods::original(request.method()));
    }
    let host_header = host_header(request.headers());
    let authority = request.uri().authority().map(http::uri::Authority::as_str).or(host_header);
    if let Some(server) = authority.and_then(HostPort::parse) {
        let HostPort { host, port } = server.or_port_of(request.uri().scheme_str());
        span.set(SERVER_ADDRESS, host).set_some(SERVER_PORT, port);
        if let Some(name) = config.peer_services.find(host, port) {
            span.set(SERVICE_PEER_NAME, name);
            span.set_some(PEER_SERVICE, Some(name).filter(|_| config.deprecated_peer_service));
        }
    }
    let url = full_url(request.uri(), host_header);
    span.set(URL_FULL, &config.secret_keys.url(&url));
    span.set_some(URL_TEMPLATE, template);
    let resends = resend::count(request.extensions());
    span.set_some(RESEND_COUNT, Some(resends).filter(|resends| *resends > 0));
    if config.body_sizes {
        span.set_some(REQUEST_BODY_SIZE, crate::exchange::content_length(request.headers()));
    }
    config.request_headers.record(span, request.headers());
}

/// Sets what is known when the response's head is there.
pub(super) fn record_response<B>(span: &mut Recorder<'_>, config: &Config, response: &Response<B>) {
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
    config.response_headers.record(span, response.headers());
}

fn record_address(span: &mut Recorder<'_>, peer: SocketAddr) {
    record_peer(span, IpText::new(peer.ip()).as_str(), peer.port());
}

fn host_header(headers: &HeaderMap) -> Option<&str> {
    std::str::from_utf8(headers.get(header::HOST)?.as_bytes()).ok()
}

/// The absolute URL, also of a request that names its host in a header.
fn full_url(uri: &Uri, host_header: Option<&str>) -> String {
    let path = uri.path_and_query().map_or("", http::uri::PathAndQuery::as_str);
    let authority = uri.authority().map(http::uri::Authority::as_str).or(host_header);
    let Some(authority) = authority else { return path.to_owned() };
    let scheme = uri.scheme_str().unwrap_or("http");
    // Put together by hand: to format an `Uri` takes several times as long.
    let mut url = String::with_capacity(scheme.len() + 3 + authority.len() + path.len());
    url.push_str(scheme);
    url.push_str("://");
    url.push_str(authority);
    url.push_str(path);
    url
}
