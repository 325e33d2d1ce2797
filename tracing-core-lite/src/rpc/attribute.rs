//! Names of the attributes of RPC spans (semantic conventions v1.44.0, registry `rpc`).

/// The protocol, such as `thrift`.
pub const SYSTEM_NAME: &str = "rpc.system.name";
/// The full name of the method, such as `shop.Prices/get`; without the service under the [old](OLD_SYSTEM) conventions.
pub const METHOD: &str = "rpc.method";
/// The name that the caller sent for a method that the server does not know.
pub const METHOD_ORIGINAL: &str = "rpc.method_original";
/// The code that the server responded with.
pub const STATUS_CODE: &str = "rpc.response.status_code";
/// The host of the server.
pub const SERVER_ADDRESS: &str = "server.address";
/// The port of the server.
pub const SERVER_PORT: &str = "server.port";
/// The IP address at the other end of the connection.
pub const PEER_ADDRESS: &str = "network.peer.address";
/// The port at the other end of the connection.
pub const PEER_PORT: &str = "network.peer.port";
/// The class of the error that ended the call.
pub const ERROR_TYPE: &str = "error.type";

/// The protocol, under the conventions before v1.39.
pub const OLD_SYSTEM: &str = "rpc.system";
/// The service of the method, under the conventions before v1.39.
pub const OLD_SERVICE: &str = "rpc.service";

/// The value of [`METHOD`] for a method that the server does not know.
pub const OTHER_METHOD: &str = "_OTHER";
