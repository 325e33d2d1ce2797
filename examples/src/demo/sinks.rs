//! The exporters of the demo: memory, and what the options add.

use std::io;

use tracing_core_lite::exporters::MemoryExporter;
use tracing_core_lite::exporters::otlp::{OtlpConfig, OtlpConfigError};
use tracing_core_lite::exporters::otlp_json::OtlpJsonFile;
use tracing_core_lite::pipeline::{Exporter, Fanout};

use super::Options;

/// The exporters that all services share.
#[derive(Debug)]
pub(super) struct Sinks {
    pub(super) memory: MemoryExporter,
    file: Option<OtlpJsonFile>,
    otlp: Option<OtlpConfig>,
}

/// An exporter could not be created.
#[derive(Debug, thiserror::Error)]
pub(super) enum SinkError {
    #[error("--otlp-file {path}: {source}")]
    File { path: String, source: io::Error },
    #[error("--otlp-endpoint {url}: {source}")]
    Endpoint { url: String, source: OtlpConfigError },
}

impl Sinks {
    /// Creates the exporters that `options` name, so that a mistake is reported before the shop starts.
    pub(super) fn open(options: &Options) -> Result<Self, SinkError> {
        let open = |path: &std::path::PathBuf| {
            OtlpJsonFile::append(path)
                .map_err(|source| SinkError::File { path: path.display().to_string(), source })
        };
        let file = options.otlp_file.as_ref().map(open).transpose()?;
        let otlp = options.otlp_endpoint.as_ref().map(|url| {
            let config = OtlpConfig::new();
            if url.ends_with("/v1/traces") {
                config.with_traces_endpoint(url)
            } else {
                config.with_endpoint(url)
            }
        });
        if let Some(config) = &otlp {
            let url = options.otlp_endpoint.clone().unwrap_or_default();
            config.build().map_err(|source| SinkError::Endpoint { url, source })?;
        }
        Ok(Self { memory: MemoryExporter::new(), file, otlp })
    }

    /// Returns an exporter to all of them for one provider.
    pub(super) fn exporter(&self) -> Box<dyn Exporter> {
        let mut all: Vec<Box<dyn Exporter>> = vec![Box::new(self.memory.clone())];
        if let Some(file) = &self.file {
            all.push(Box::new(file.clone()));
        }
        // `open` has built this configuration before, so it cannot fail.
        all.extend(self.otlp.as_ref().and_then(|config| config.build().ok()));
        Box::new(Fanout::new(all))
    }
}
