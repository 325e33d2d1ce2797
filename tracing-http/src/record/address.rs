//! Network addresses as attributes.

use tracing_core_lite::Recorder;

use super::semconv::{PEER_ADDRESS, PEER_PORT};

/// Sets `network.peer.address` and `network.peer.port`.
pub(crate) fn record_peer(span: &mut Recorder<'_>, address: &str, port: u16) {
    span.set(PEER_ADDRESS, address).set(PEER_PORT, port);
}
