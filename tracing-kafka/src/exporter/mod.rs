//! An exporter of OTLP to a topic.
//!
//! Each record has the spans of one trace, as an OTLP `ExportTraceServiceRequest` in protobuf, and the trace id as its key. The
//! OpenTelemetry Collector's Kafka exporter writes the same records with `partition_traces_by_id: true` and the encoding
//! `otlp_proto`. Both choose the same partition for a trace, so it may have spans from both.
//!
//! ```no_run
//! use rdkafka::ClientConfig;
//! use tracing_kafka::exporter::KafkaExporter;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut config = ClientConfig::new();
//! config.set("bootstrap.servers", "kafka:9092").set("compression.type", "lz4");
//! let exporter = KafkaExporter::create(&config, "otlp_spans")?;
//! let _guard = tracing_core_lite::init().with_service_name("orders").with_exporter(exporter).start()?;
//! # Ok(())
//! # }
//! ```

mod deliveries;
mod kafka;
mod key;
#[cfg(feature = "tls")]
mod secured;
mod split;

pub use kafka::KafkaExporter;
#[cfg(feature = "tls")]
pub use kafka::SecuredError;
pub use key::{PARTITIONER, TraceKey};
