//! Reads the files of many tools. The format is detected from the content.
//!
//! | format | written by |
//! |---|---|
//! | OTLP JSON, in documents or lines | OpenTelemetry's exporters, the Collector, otel-tui, `tracing-core-lite` |
//! | OTLP protobuf: plain, after varint lengths, or after lengths of 4 bytes | the Collector's file exporter, exporters |
//! | Tempo's JSON and protobuf | Grafana Tempo's API |
//! | Jaeger's JSON | Jaeger's UI and API, Elasticsearch, CRISP |
//! | Zipkin JSON, v2 and v1 | Zipkin's API |
//! | Parquet with the columns of the Collector's ClickHouse exporter (feature `parquet`) | `convert`, ClickHouse |
//!
//! Each may be compressed with gzip or zstd.

mod file;
mod folder;
mod id;
mod input;
mod json;
mod open;
#[cfg(feature = "parquet")]
mod parquet;
mod protobuf;
mod report;
mod sink;
mod time;
mod workers;

pub(crate) use input::read_files_into;
pub use input::{Input, ReadOptions, read_bytes, read_files};
pub(crate) use json::any_value;
pub use report::{FileReport, Position, Problem, ReadError};
pub(crate) use time::{duration as parse_duration, rfc3339 as parse_rfc3339};
