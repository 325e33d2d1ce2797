//! Names of the attributes that HTTP spans have (semantic conventions v1.44.0, `span.http.server`, `span.http.client`).
//!
//! Only these names are written.

/// Defined by this suite: says that a request was given up. The conventions have no attribute for it.
pub(crate) const OUTCOME: &str = "tracing_suite.outcome";

pub(crate) const CLIENT_ADDRESS: &str = "client.address";
pub(crate) const CLIENT_PORT: &str = "client.port";
#[cfg(feature = "metrics")]
pub(crate) const ERROR_TYPE: &str = "error.type";
pub(crate) const METHOD: &str = "http.request.method";
pub(crate) const METHOD_ORIGINAL: &str = "http.request.method_original";
pub(crate) const PEER_ADDRESS: &str = "network.peer.address";
pub(crate) const PEER_PORT: &str = "network.peer.port";
pub(crate) const PROTOCOL_VERSION: &str = "network.protocol.version";
pub(crate) const REQUEST_BODY_SIZE: &str = "http.request.body.size";
pub(crate) const RESPONSE_BODY_SIZE: &str = "http.response.body.size";
pub(crate) const ROUTE: &str = "http.route";
pub(crate) const SERVER_ADDRESS: &str = "server.address";
pub(crate) const SERVER_PORT: &str = "server.port";
pub(crate) const STATUS_CODE: &str = "http.response.status_code";
pub(crate) const URL_PATH: &str = "url.path";
pub(crate) const URL_QUERY: &str = "url.query";
pub(crate) const URL_SCHEME: &str = "url.scheme";
pub(crate) const USER_AGENT: &str = "user_agent.original";

/// Names of attributes that only clients set.
pub(crate) mod client {
    pub(crate) const PEER_SERVICE: &str = "peer.service";
    pub(crate) const RESEND_COUNT: &str = "http.request.resend_count";
    pub(crate) const SERVICE_PEER_NAME: &str = "service.peer.name";
    pub(crate) const URL_FULL: &str = "url.full";
    pub(crate) const URL_TEMPLATE: &str = "url.template";
}

/// Returns the value of `network.protocol.version`.
pub(crate) fn protocol_version(version: http::Version) -> Option<&'static str> {
    match version {
        http::Version::HTTP_09 => Some("0.9"),
        http::Version::HTTP_10 => Some("1.0"),
        http::Version::HTTP_11 => Some("1.1"),
        http::Version::HTTP_2 => Some("2"),
        http::Version::HTTP_3 => Some("3"),
        _ => None,
    }
}
