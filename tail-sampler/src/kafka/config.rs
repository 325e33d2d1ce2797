//! The section `kafka` of the configuration.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use tracing_sampling::config::collector::GoDuration;

use super::decision::{OLDEST_VERSION, VERSION};
use crate::client_tls::ClientTls;
use crate::secret::Secret;

/// Where the consumer group reads, and where it writes its decisions.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct KafkaConfig {
    /// The first brokers, as `host:port`, separated by commas.
    pub brokers: String,
    /// The topic with OTLP as protobuf, keyed by trace id: `otlp_spans` by default, as in the Collector.
    #[serde(default = "default_topic")]
    pub topic: String,
    /// The consumer group: `tail-sampler` by default.
    #[serde(default = "default_group")]
    pub group: String,
    /// The topic with the decisions.
    #[serde(default)]
    pub decisions: Decisions,
    /// How long after its decision spans of a trace follow it: 60 s by default. Later spans are judged alone.
    #[serde(default = "default_window", deserialize_with = "duration")]
    pub late_window: Duration,
    /// How long a partition may bring no newer spans until the clock of this machine decides when its traces are due: 5 s by
    /// default.
    #[serde(default = "default_idle", deserialize_with = "duration")]
    pub idle_after: Duration,
    /// The time after which the group gives the partitions of a silent process to others: 45 s by default, as in Kafka.
    #[serde(default = "default_session", deserialize_with = "duration")]
    pub session_timeout: Duration,
    /// TLS to the brokers; none by default. An empty section trusts the authorities of the operating system.
    pub tls: Option<ClientTls>,
    /// The name and password for the brokers; none by default.
    pub sasl: Option<Sasl>,
    /// More settings of librdkafka, which replace ours.
    #[serde(default)]
    pub properties: BTreeMap<String, String>,
}

/// How the program proves its name to the brokers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Sasl {
    /// `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`.
    pub mechanism: Mechanism,
    /// The name.
    pub username: String,
    /// Where the password is.
    pub password: Secret,
}

/// A mechanism of SASL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub enum Mechanism {
    /// The password is sent to the broker. Use it with TLS only.
    #[serde(rename = "PLAIN")]
    Plain,
    /// SCRAM with SHA-256.
    #[serde(rename = "SCRAM-SHA-256")]
    ScramSha256,
    /// SCRAM with SHA-512.
    #[serde(rename = "SCRAM-SHA-512")]
    ScramSha512,
}

/// The topic with the decisions.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Decisions {
    /// Its name: that of the topic with `.decisions` appended, by default. It is created if it does not exist.
    pub topic: Option<String>,
    /// The version of the records that are written. Every version up to the newest is read.
    pub version: u32,
}

impl Default for Decisions {
    fn default() -> Self {
        Self { topic: None, version: VERSION }
    }
}

impl KafkaConfig {
    /// Returns the name of the topic with the decisions.
    #[must_use]
    pub fn decision_topic(&self) -> String {
        self.decisions.topic.clone().unwrap_or_else(|| format!("{}.decisions", self.topic))
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        if self.brokers.trim().is_empty() {
            return Err("kafka.brokers is empty; valid is for example kafka-1:9092,kafka-2:9092".into());
        }
        if !(OLDEST_VERSION..=VERSION).contains(&self.decisions.version) {
            let version = self.decisions.version;
            return Err(format!(
                "kafka.decisions.version {version} is unknown; valid are {OLDEST_VERSION} to {VERSION}"
            ));
        }
        if let Some(tls) = &self.tls {
            tls.check("kafka").map_err(|error| error.to_string())?;
        }
        if cfg!(not(feature = "kafka-tls")) && (self.tls.is_some() || self.sasl.is_some()) {
            return Err(
                "kafka.tls and kafka.sasl need a program that was built with the feature \"kafka-tls\""
                    .into(),
            );
        }
        if self.decision_topic() == self.topic {
            return Err("kafka.decisions.topic is the topic of the spans; it needs another name".into());
        }
        Ok(())
    }
}

fn default_topic() -> String {
    "otlp_spans".into()
}

fn default_group() -> String {
    "tail-sampler".into()
}

fn default_window() -> Duration {
    Duration::from_secs(60)
}

fn default_idle() -> Duration {
    Duration::from_secs(5)
}

fn default_session() -> Duration {
    Duration::from_secs(45)
}

fn duration<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    GoDuration::deserialize(deserializer).map(|it| it.0)
}
