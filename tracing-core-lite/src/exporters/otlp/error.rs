//! What can be wrong with an OTLP configuration.

/// An OTLP exporter cannot be made from its configuration. No text of it shows a header's value or a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OtlpConfigError {
    /// An environment variable has a value that it cannot have.
    #[error("{variable}: expected {expected}")]
    Variable {
        /// The variable.
        variable: &'static str,
        /// What it may hold.
        expected: &'static str,
    },
    /// The endpoint is no URL that OTLP can be sent to.
    #[error("the OTLP endpoint is not usable: {reason}")]
    Endpoint {
        /// Why.
        reason: &'static str,
    },
    /// A header's name or value has characters that it cannot have.
    #[error("the OTLP header {name:?} has a name or a value that cannot be sent")]
    Header {
        /// Its name.
        name: String,
    },
    /// The configuration asks for something that this build leaves out.
    #[error("{wanted} needs the feature `{feature}` of tracing-core-lite")]
    Feature {
        /// What was asked for.
        wanted: &'static str,
        /// The cargo feature that brings it.
        feature: &'static str,
    },
    /// The file with trusted certificates cannot be used.
    #[error("the OTLP certificate file {path:?} cannot be used: {reason}")]
    Certificate {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        reason: String,
    },
    /// The exporter could not be started (its thread or its TLS setup).
    #[error("the OTLP exporter cannot start: {reason}")]
    Start {
        /// Why.
        reason: String,
    },
}
