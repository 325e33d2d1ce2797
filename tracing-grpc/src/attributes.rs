//! The attributes that are known when a span starts.

use std::net::{IpAddr, SocketAddr};

use http::Uri;
use tracing_core_lite::Recorder;
use tracing_core_lite::net::HostPort;

use crate::config::Config;
use crate::ending::Side;
use crate::head::RequestHead;
use crate::method::{self, Method};
use crate::semconv::{GRPC, METHOD, METHOD_ORIGINAL, OTHER, SERVER_ADDRESS, SERVER_PORT, SYSTEM};
use crate::{address, authority};

/// Sets every attribute of the conventions that `request` has.
pub(crate) fn record(
    span: &mut Recorder<'_>,
    config: &Config,
    request: &RequestHead<'_>,
    method: Method<'_>,
) {
    span.set(SYSTEM, GRPC).set(METHOD, method.name().unwrap_or(OTHER));
    if method == Method::Other {
        span.set(METHOD_ORIGINAL, method::original(request.uri().path()));
    }
    record_server(span, config, request.uri());
    let peer = match config.side {
        Side::Server => address::peer(request.extensions()),
        Side::Client => server_peer(config, request.uri()),
    };
    if let Some(peer) = peer {
        address::record_peer(span, peer);
    }
    config.request_metadata.record(span, request.metadata());
}

/// The server as the layer was told, else as the request says.
fn record_server(span: &mut Recorder<'_>, config: &Config, uri: &Uri) {
    if let Some((host, port)) = &config.server {
        span.set(SERVER_ADDRESS, host.as_str()).set_some(SERVER_PORT, *port);
    } else if let Some((host, port)) = authority::split(uri) {
        span.set_utf8(SERVER_ADDRESS, host).set_some(SERVER_PORT, port);
    }
}

/// The server as the layer was told, else as the request says.
#[cfg(feature = "metrics")]
pub(crate) fn server<'a>(config: &'a Config, uri: &'a Uri) -> Option<HostPort<'a>> {
    match &config.server {
        Some((host, port)) => Some(HostPort { host, port: *port }),
        None => authority::of_uri(uri),
    }
}

/// A server that is named by its address is the peer.
fn server_peer(config: &Config, uri: &Uri) -> Option<SocketAddr> {
    if config.server.is_some() { config.server_peer } else { literal(authority::of_uri(uri)?) }
}

/// The address that a server is named by.
pub(crate) fn literal(server: HostPort<'_>) -> Option<SocketAddr> {
    Some(SocketAddr::new(server.host.parse::<IpAddr>().ok()?, server.port?))
}
