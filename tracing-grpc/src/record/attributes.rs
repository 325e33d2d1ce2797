//! The attributes that are known when a span starts.

use std::net::IpAddr;

use http::Uri;
use tracing_core_lite::Recorder;
use tracing_core_lite::layer_support::{AttributeCache, IpText, SetAttribute};
use tracing_core_lite::net::HostPort;

use super::address;
use super::callee::Callee;
use super::ending::Side;
use super::method::{self, Method};
use super::semconv::{
    GRPC, METHOD, METHOD_ORIGINAL, OTHER, PEER_ADDRESS, PEER_PORT, SERVER_ADDRESS, SERVER_PORT, SYSTEM,
};
use crate::config::Config;
use crate::head::RequestHead;

/// Names the cache of these layers. The side is part of the tag.
struct CallTargets;

thread_local! {
    /// The attributes that follow from a method and the server that is called.
    static TARGETS: AttributeCache<CallTargets, 2> = const { AttributeCache::new() };
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

/// Sets the attributes that are the same for all calls of a server's method. They are encoded once and then kept.
fn record_target(span: &mut Recorder<'_>, config: &Config, uri: &Uri, method: &str) {
    let is_client = config.side.is_client();
    let callee = Callee::of(config, uri);
    let each = |set: &mut SetAttribute<'_>| {
        set(SYSTEM, GRPC.into());
        set(METHOD, method.into());
        let Some(HostPort { host, port, .. }) = callee.parse() else { return };
        set(SERVER_ADDRESS, host.into());
        if let Some(port) = port {
            set(SERVER_PORT, port.into());
        }
        // A server that is named by its IP address is the peer.
        if let (true, Some(port), Ok(address)) = (is_client, port, host.parse::<IpAddr>()) {
            set(PEER_ADDRESS, IpText::new(address).as_str().into());
            set(PEER_PORT, port.into());
        }
    };
    let tag = (callee.tag() << 1) | u64::from(is_client);
    AttributeCache::<CallTargets, 2>::record(
        &TARGETS,
        span,
        tag,
        [method.as_bytes(), callee.text().as_bytes()],
        &each,
    );
}
