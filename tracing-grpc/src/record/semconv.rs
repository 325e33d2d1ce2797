//! Names of attributes and events of gRPC spans (semantic conventions v1.44.0, `span.rpc.grpc.call.server` and `….client`).

/// Defined by this suite: says that a call was given up. The conventions have no attribute for it.
pub(crate) const OUTCOME: &str = "tracing_suite.outcome";
#[cfg(feature = "metrics")]
pub(crate) const ERROR_TYPE: &str = "error.type";
pub(crate) const METHOD: &str = "rpc.method";
pub(crate) const METHOD_ORIGINAL: &str = "rpc.method_original";
pub(crate) const PEER_ADDRESS: &str = "network.peer.address";
pub(crate) const PEER_PORT: &str = "network.peer.port";
#[cfg(feature = "client")]
pub(crate) const SERVICE_PEER_NAME: &str = "service.peer.name";
pub(crate) const REQUEST_METADATA: &str = "rpc.request.metadata";
pub(crate) const RESPONSE_METADATA: &str = "rpc.response.metadata";
pub(crate) const SERVER_ADDRESS: &str = "server.address";
pub(crate) const SERVER_PORT: &str = "server.port";
pub(crate) const STATUS_CODE: &str = "rpc.response.status_code";
pub(crate) const SYSTEM: &str = "rpc.system.name";
/// The value of [`SYSTEM`], and the name of a span whose method is not known.
pub(crate) const GRPC: &str = "grpc";
/// The value of [`METHOD`] for a method that is not known.
pub(crate) const OTHER: &str = "_OTHER";

/// Events and attributes of our own: the conventions have removed theirs for messages.
pub(crate) mod message {
    pub(crate) const SENT: &str = "grpc.message.sent";
    pub(crate) const RECEIVED: &str = "grpc.message.received";
    pub(crate) const ID: &str = "grpc.message.id";
    pub(crate) const SIZE: &str = "grpc.message.size";
}
