//! Writes spans in the formats of other tools.

mod jaeger;
mod list;
mod otlp_json;
mod otlp_proto;
#[cfg(feature = "parquet")]
mod parquet;
mod profile;
mod wire;
mod writer;
mod zipkin;

pub use jaeger::jaeger;
pub use otlp_json::otlp_json;
pub use otlp_proto::otlp_proto;
#[cfg(feature = "parquet")]
pub use parquet::ParquetDataset;
pub use profile::{chrome, folded};
pub use writer::{Format, TraceWriter};
pub use zipkin::zipkin;
