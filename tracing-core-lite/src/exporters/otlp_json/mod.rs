//! OTLP as lines of JSON, in the format of the OpenTelemetry Collector's file exporter.
//!
//! Each line is one `ExportTraceServiceRequest` in OTLP's JSON encoding: names in lowerCamelCase, ids in hexadecimal,
//! 64-bit integers as strings, enums as numbers, and no defaults.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use tracing_core_lite::exporters::otlp_json::{Reader, to_json};
//!
//! let line = r#"{"resourceSpans":[{"resource":{},"scopeSpans":[{"scope":{"name":"shop"}}]}]}"#;
//! let spans = Reader::new(line.as_bytes()).next().expect("one line")?;
//! assert_eq!(spans[0].scope_spans[0].scope.name, "shop");
//! assert_eq!(to_json(&spans), line);
//! # Ok(())
//! # }
//! ```

mod file;
mod lines;
mod parse;
mod write;

pub use file::OtlpJsonFile;
pub use lines::{ReadError, Reader, read};
pub use parse::from_json;
pub use write::to_json;
