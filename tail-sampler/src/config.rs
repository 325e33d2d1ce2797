//! The configuration file.

use std::net::SocketAddr;
use std::path::Path;

use crate::adaptive::AdaptiveConfig;
use serde::Deserialize;
use tracing_core_lite::env::Process;
use tracing_core_lite::exporters::otlp::{Compression, OtlpConfig, Protocol};
use tracing_sampling::config::ConfigError;
use tracing_sampling::config::collector::TailSampling;
use tracing_sampling::tail::TailSettings;

use crate::client_tls::ClientTls;
use crate::secret::Secret;
use crate::tls::ServerTls;

/// The configuration of the program.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// Where spans are received.
    pub receivers: Receivers,
    /// Where kept spans are sent. Settings that the file leaves out come from `OTEL_EXPORTER_OTLP_*`.
    pub exporter: ExporterConfig,
    /// The address of health and metrics; none if it is `None`.
    pub admin: Option<SocketAddr>,
    /// The consumer group, which replaces the receivers.
    #[cfg(feature = "kafka")]
    pub kafka: Option<crate::kafka::KafkaConfig>,
    /// How traces are sampled.
    pub tail: TailSettings,
    /// Adaptive rates that services ask for; none if it is `None`.
    pub adaptive: Option<AdaptiveConfig>,
    /// Settings that have no effect, and why.
    pub warnings: Vec<String>,
}

/// Where spans are received.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Receivers {
    /// The address for OTLP over HTTP; 127.0.0.1:4318 by default.
    pub http: Option<SocketAddr>,
    /// The address for OTLP over gRPC; 127.0.0.1:4317 by default.
    pub grpc: Option<SocketAddr>,
    /// TLS, for both; none by default.
    pub tls: Option<ServerTls>,
    /// The bearer token that requests must have; none by default.
    pub bearer_token: Option<Secret>,
    /// The maximum size of a request in bytes, before and after decompression: 4 MiB by default.
    pub max_request_bytes: usize,
}

impl Default for Receivers {
    fn default() -> Self {
        Self {
            http: Some(([127, 0, 0, 1], 4318).into()),
            grpc: Some(([127, 0, 0, 1], 4317).into()),
            tls: None,
            bearer_token: None,
            max_request_bytes: 4 << 20,
        }
    }
}

/// Where kept spans are sent.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ExporterConfig {
    /// The base URL, such as `http://collector:4318`.
    pub endpoint: Option<String>,
    /// `http/protobuf` or `grpc`.
    pub protocol: Option<String>,
    /// `gzip` or `none`.
    pub compression: Option<String>,
    /// The certificates for `https` endpoints.
    pub tls: ClientTls,
    /// The bearer token to send; none by default.
    pub bearer_token: Option<Secret>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    receivers: Receivers,
    #[serde(default)]
    exporter: ExporterConfig,
    admin: Option<SocketAddr>,
    adaptive: Option<AdaptiveConfig>,
    #[cfg(feature = "kafka")]
    kafka: Option<crate::kafka::KafkaConfig>,
    #[cfg(not(feature = "kafka"))]
    kafka: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    memory: Memory,
    #[serde(rename = "tail_sampling")]
    _tail_sampling: serde::de::IgnoredAny,
}

/// Memory bounds. The Collector has no such settings.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Memory {
    max_bytes: Option<usize>,
    max_trace_bytes: Option<usize>,
    max_queue_bytes: Option<usize>,
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// Returns an error that names the line, or says that the file cannot be read.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let yaml = std::fs::read_to_string(path)
            .map_err(|error| ConfigError::new(0, format!("{} cannot be read: {error}", path.display())))?;
        Self::from_yaml(&yaml)
    }

    /// Reads a configuration. Its section `tail_sampling` is that of the Collector's processor. A complete configuration of
    /// a Collector is accepted as well; only its `tail_sampling` processor is used.
    ///
    /// # Errors
    /// Returns an error that names the line.
    pub fn from_yaml(yaml: &str) -> Result<Self, ConfigError> {
        let TailSampling { settings, warnings, .. } = TailSampling::from_yaml(yaml)?;
        let is_own = yaml.lines().any(|line| line.starts_with("tail_sampling:"));
        let file = match is_own {
            true => parse(yaml)?,
            false => File {
                receivers: Receivers::default(),
                exporter: ExporterConfig::default(),
                admin: None,
                adaptive: None,
                kafka: None,
                memory: Memory::default(),
                _tail_sampling: serde::de::IgnoredAny,
            },
        };
        let mut tail = settings;
        if let Some(bytes) = file.memory.max_bytes {
            tail.max_bytes = bytes;
        }
        if let Some(bytes) = file.memory.max_trace_bytes {
            tail.max_trace_bytes = bytes;
        }
        if let Some(bytes) = file.memory.max_queue_bytes {
            tail.max_queue_bytes = bytes;
        }
        file.exporter.check()?;
        #[cfg(feature = "kafka")]
        file.kafka
            .as_ref()
            .map_or(Ok(()), |kafka| kafka.check())
            .map_err(|text| ConfigError::new(0, text))?;
        #[cfg(not(feature = "kafka"))]
        if file.kafka.is_some() {
            let text = "the section kafka needs a program that was built with the feature \"kafka\"";
            return Err(ConfigError::new(0, text));
        }
        Ok(Self {
            receivers: file.receivers,
            exporter: file.exporter,
            admin: file.admin,
            adaptive: file.adaptive,
            #[cfg(feature = "kafka")]
            kafka: file.kafka,
            tail,
            warnings,
        })
    }
}

fn parse(yaml: &str) -> Result<File, ConfigError> {
    serde_saphyr::from_str(yaml).map_err(|error| {
        let line = error.location().map_or(0, |location| location.line() as usize);
        let text = error.without_snippet().to_string();
        ConfigError::new(line, text.lines().next().unwrap_or_default().trim())
    })
}

impl ExporterConfig {
    fn check(&self) -> Result<(), ConfigError> {
        for (name, value, valid) in [
            ("protocol", &self.protocol, ["http/protobuf", "grpc"]),
            ("compression", &self.compression, ["gzip", "none"]),
        ] {
            if let Some(value) = value
                && !valid.contains(&value.as_str())
            {
                let message =
                    format!("exporter.{name} {value:?} is unknown; valid are {}", valid.join(" and "));
                return Err(ConfigError::new(0, message));
            }
        }
        self.tls.check("exporter")
    }

    /// Returns the configuration of the exporter, with defaults from the environment, and warnings about the environment.
    #[must_use]
    pub fn otlp(&self) -> (OtlpConfig, Vec<String>) {
        let (mut config, warnings) = OtlpConfig::from_env(&Process);
        if self.protocol.as_deref() == Some("grpc") {
            config = config.with_protocol(Protocol::Grpc);
        } else if self.protocol.is_some() {
            config = config.with_protocol(Protocol::HttpProtobuf);
        }
        if self.compression.as_deref() == Some("gzip") {
            config = config.with_compression(Compression::Gzip);
        }
        if let Some(endpoint) = &self.endpoint {
            config = config.with_endpoint(endpoint.clone());
        }
        if let Some(path) = &self.tls.ca_file {
            config = config.with_certificate(path);
        }
        if let (Some(certificate), Some(key)) = (&self.tls.cert_file, &self.tls.key_file) {
            config = config.with_client_certificate(certificate).with_client_key(key);
        }
        (config, warnings.iter().map(ToString::to_string).collect())
    }
}
