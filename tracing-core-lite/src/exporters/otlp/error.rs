//! Errors in an OTLP configuration.

use std::path::PathBuf;

/// An OTLP exporter cannot be built from its configuration.
///
/// Messages show neither the values of headers nor passwords.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OtlpConfigError {
    /// The endpoint is not a URL that OTLP can be sent to.
    #[error("the OTLP endpoint is not usable: {reason}")]
    Endpoint {
        /// The problem.
        reason: &'static str,
    },
    /// A header has a name or a value with characters that cannot be sent.
    #[error("the OTLP header {name:?} has a name or a value that cannot be sent")]
    Header {
        /// The name.
        name: String,
    },
    /// The configuration needs a cargo feature that is not enabled.
    #[error("{wanted} needs the feature `{feature}` of tracing-core-lite")]
    Feature {
        /// The requested setting.
        wanted: &'static str,
        /// The feature that provides it.
        feature: &'static str,
    },
    /// A file with a certificate or a key cannot be used.
    #[error("the OTLP certificate file {path:?} cannot be used: {reason}")]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// There is a client certificate without a key, or a key without a certificate.
    #[error("the OTLP client {given} needs a client {missing} too")]
    ClientIdentity {
        /// The setting that is present.
        given: &'static str,
        /// The setting that is missing.
        missing: &'static str,
    },
    /// The exporter's thread or TLS could not be set up.
    #[error("the OTLP exporter cannot start: {reason}")]
    Start {
        /// Why.
        reason: String,
    },
}
