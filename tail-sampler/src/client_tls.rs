//! The certificates of the exporter and of the Kafka clients.

use std::path::PathBuf;

use serde::Deserialize;
use tracing_sampling::config::ConfigError;

/// The certificates of a client, with the Collector's names. Changed files are read again.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ClientTls {
    /// The PEM file with the authorities to trust; those of the operating system by default.
    pub ca_file: Option<PathBuf>,
    /// The PEM file with the certificate chain of this program (mTLS).
    pub cert_file: Option<PathBuf>,
    /// The PEM file with its private key.
    pub key_file: Option<PathBuf>,
}

impl ClientTls {
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        [&self.ca_file, &self.cert_file, &self.key_file].into_iter().flatten().cloned().collect()
    }

    pub(crate) fn check(&self, of: &str) -> Result<(), ConfigError> {
        match self.cert_file.is_some() == self.key_file.is_some() {
            true => Ok(()),
            false => Err(ConfigError::new(0, format!("{of}.tls needs cert_file and key_file, or neither"))),
        }
    }
}
