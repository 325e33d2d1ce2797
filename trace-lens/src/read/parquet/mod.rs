//! Reads Parquet with the columns of the Collector's ClickHouse exporter.

mod rows;
mod span;

pub(crate) use rows::{Source, read};
