//! Spans as Parquet, one row a span, with the columns of the Collector's ClickHouse exporter.

mod columns;
mod dataset;
mod schema;

pub use dataset::ParquetDataset;
