//! Writes spans in the formats of other tools.

mod jaeger;
mod otlp_json;
mod otlp_proto;
mod profile;
mod wire;
mod zipkin;

pub use jaeger::jaeger;
pub use otlp_json::otlp_json;
pub use otlp_proto::otlp_proto;
pub use profile::{chrome, folded};
pub use zipkin::zipkin;
