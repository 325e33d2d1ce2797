//! The exporter, which is built anew when its certificates or its token change.

use std::path::PathBuf;
use std::time::Instant;

use tracing_core_lite::exporters::otlp::{OtlpConfig, OtlpConfigError};
use tracing_core_lite::pipeline::{Batch, ExportError, ExportResponse, Exported, Exporter};

use crate::config::ExporterConfig;
use crate::files::Files;
use crate::secret::{Secret, SecretError};

/// The exporter cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExporterError {
    /// The settings are invalid.
    #[error(transparent)]
    Otlp(#[from] OtlpConfigError),
    /// The bearer token cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
}

impl ExporterConfig {
    /// Builds the exporter. It reads its bearer token and its certificates again when their files change.
    ///
    /// # Errors
    /// Returns an error if a setting is invalid, or if a file cannot be read.
    pub fn build(&self) -> Result<impl Exporter + use<>, ExporterError> {
        Reloading::new(self.otlp().0, self.bearer_token.clone(), self.tls.paths())
    }
}

struct Reloading {
    config: OtlpConfig,
    token: Option<Secret>,
    files: Files,
    exporter: Box<dyn Exporter>,
}

impl Reloading {
    fn new(
        config: OtlpConfig,
        token: Option<Secret>,
        certificates: impl IntoIterator<Item = PathBuf>,
    ) -> Result<Self, ExporterError> {
        let of_token = token.as_ref().and_then(|secret| match secret {
            Secret::File(path) => Some(path.clone()),
            Secret::Env(_) => None,
        });
        let files = Files::new(certificates.into_iter().chain(of_token));
        let exporter = build(&config, token.as_ref())?;
        Ok(Self { config, token, files, exporter })
    }

    fn refresh(&mut self, deadline: Instant) {
        if !self.files.have_changed() {
            return;
        }
        match build(&self.config, self.token.as_ref()) {
            Ok(new) => {
                let _ = self.exporter.shutdown(deadline);
                self.exporter = new;
                tracing::info!("the exporter uses the new certificates or the new token");
            }
            Err(error) => {
                tracing::error!(%error, "the exporter keeps the old certificates and the old token")
            }
        }
    }
}

fn build(config: &OtlpConfig, token: Option<&Secret>) -> Result<Box<dyn Exporter>, ExporterError> {
    let mut config = config.clone();
    if let Some(secret) = token {
        config = config.with_header("authorization", format!("Bearer {}", secret.read()?));
    }
    Ok(Box::new(config.build()?))
}

impl Exporter for Reloading {
    fn export(&mut self, batch: &Batch, deadline: Instant) -> Result<Exported, ExportError> {
        self.refresh(deadline);
        self.exporter.export(batch, deadline)
    }

    fn flush(&mut self, deadline: Instant) -> Result<(), ExportError> {
        self.exporter.flush(deadline)
    }

    fn shutdown(&mut self, deadline: Instant) -> Result<(), ExportError> {
        self.exporter.shutdown(deadline)
    }

    fn destination(&self) -> Option<&str> {
        self.exporter.destination()
    }

    fn is_unreachable(&self) -> bool {
        self.exporter.is_unreachable()
    }

    fn component_type(&self) -> &'static str {
        self.exporter.component_type()
    }

    fn last_response(&self) -> ExportResponse {
        self.exporter.last_response()
    }
}
