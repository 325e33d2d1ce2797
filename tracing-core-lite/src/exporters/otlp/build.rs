//! Builds the exporter that a configuration asks for.

use super::config::OtlpConfig;
use super::error::OtlpConfigError;
use super::protocol::Protocol;
use crate::pipeline::Exporter;

impl OtlpConfig {
    /// Builds the exporter. It connects when it exports the first batch.
    ///
    /// # Errors
    /// [`OtlpConfigError`] if the endpoint, a header or a certificate is not usable, or if a feature is missing.
    pub fn build(&self) -> Result<Box<dyn Exporter>, OtlpConfigError> {
        self.check()?;
        match self.protocol {
            #[cfg(feature = "otlp-grpc")]
            Protocol::Grpc => Ok(Box::new(super::grpc::OtlpGrpc::new(self)?)),
            #[cfg(not(feature = "otlp-grpc"))]
            Protocol::Grpc => {
                Err(OtlpConfigError::Feature { wanted: "OTLP over gRPC", feature: "otlp-grpc" })
            }
            #[cfg(feature = "otlp-http")]
            Protocol::HttpProtobuf | Protocol::HttpJson => Ok(Box::new(super::http::OtlpHttp::new(self)?)),
            #[cfg(not(feature = "otlp-http"))]
            Protocol::HttpProtobuf | Protocol::HttpJson => {
                Err(OtlpConfigError::Feature { wanted: "OTLP over HTTP", feature: "otlp-http" })
            }
        }
    }
}
