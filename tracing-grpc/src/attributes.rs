//! The attributes that are known when a span starts.

use std::net::IpAddr;

use http::Uri;
use tracing_core_lite::Recorder;
use tracing_core_lite::layer_support::IpText;
use tracing_core_lite::layer_support::{AttributeCache, SetAttribute};
use tracing_core_lite::net::HostPort;

use crate::address;
use crate::callee::Callee;
use crate::config::Config;
use crate::ending::Side;
use crate::head::RequestHead;
use crate::method::{self, Method};
use crate::semconv::{
    GRPC, METHOD, METHOD_ORIGINAL, OTHER, PEER_ADDRESS, PEER_PORT, SERVER_ADDRESS, SERVER_PORT, SYSTEM,
};

thread_local! {
    /// What follows from a method and the server that is called.
    static TARGETS: AttributeCache<2> = const { AttributeCache::new() };
}

/// Sets every attribute of the conventions that `request` has.
pub(crate) fn record(
    span: &mut Recorder<'_>,
    config: &Config,
    request: &RequestHead<'_>,
    method: Method<'_>,
) {
    record_target(span, config, request.uri(), method.name().unwrap_or(OTHER));
    if method == Method::Other {
        span.set(METHOD_ORIGINAL, method::original(request.uri().path()));
    }
    if let (Side::Server, Some(peer)) = (config.side, address::peer(request.extensions())) {
        address::record_peer(span, peer);
    }
    config.request_metadata.record(span, request.metadata());
}

/// Sets what is the same for all calls of a method of a server. With these four attributes encoded already, a server's call takes 4,210
/// instructions and a client's 5,210; set one by one by the same closure, 5,280 and 5,830.
fn record_target(span: &mut Recorder<'_>, config: &Config, uri: &Uri, method: &str) {
    let is_client = config.side.is_client();
    let callee = Callee::of(config, uri);
    let each = |set: &mut SetAttribute<'_>| {
        set(SYSTEM, GRPC.into());
        set(METHOD, method.into());
        let Some(HostPort { host, port }) = callee.parse() else { return };
        set(SERVER_ADDRESS, host.into());
        if let Some(port) = port {
            set(SERVER_PORT, port.into());
        }
        // A server that is named by its address is the peer.
        if let (true, Some(port), Ok(address)) = (is_client, port, host.parse::<IpAddr>()) {
            set(PEER_ADDRESS, IpText::new(address).as_str().into());
            set(PEER_PORT, port.into());
        }
    };
    let tag = (callee.tag() << 1) | u64::from(is_client);
    AttributeCache::record(&TARGETS, span, tag, [method.as_bytes(), callee.text().as_bytes()], &each);
}
