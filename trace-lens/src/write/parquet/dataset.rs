//! A folder of Parquet files, divided by hour and by a hash of the trace id.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::Result;
use parquet::file::properties::{WriterProperties, WriterPropertiesPtr};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::TypePtr;

use super::columns::Columns;
use super::schema::schema;
use crate::model::{SpanSet, Trace, trace_hash};
use crate::show::units::utc_hour;

/// The number of parts of each hour.
const BUCKETS: u64 = 16;
/// The number of rows of a row group.
const ROWS: usize = 50_000;

/// Writes spans as Parquet files in a folder: `hour=2026-11-30T19/bucket=07/part-00000.parquet`.
///
/// A row is a span, and the columns are those of the Collector's ClickHouse exporter. All spans of a trace are in one file. Its
/// hour is that of the trace's start, in UTC, and its bucket a hash of the trace id. DuckDB, ClickHouse, Trino and Spark read
/// the folder as one table.
///
/// As in ClickHouse, all attributes are text. Times beyond the year 2262, flags, and ends before the start are lost.
#[derive(Debug)]
pub struct ParquetDataset {
    folder: PathBuf,
    schema: TypePtr,
    properties: WriterPropertiesPtr,
    /// How many sets were written.
    sets: usize,
}

impl ParquetDataset {
    /// Creates the folder.
    ///
    /// # Errors
    /// Returns an error if the folder cannot be created, or is not empty: files of an earlier run would be read with the
    /// new ones.
    pub fn new(folder: impl AsRef<Path>) -> io::Result<Self> {
        let folder = folder.as_ref().to_owned();
        fs::create_dir_all(&folder)?;
        if fs::read_dir(&folder)?.next().is_some() {
            return Err(io::Error::other("the folder is not empty"));
        }
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(3).map_err(other)?));
        let (schema, properties) = (Arc::new(schema().map_err(other)?), Arc::new(properties.build()));
        Ok(Self { folder, schema, properties, sets: 0 })
    }

    /// Writes the traces of a set, into files of their own.
    ///
    /// # Errors
    /// Returns the error of the file system.
    pub fn add(&mut self, set: &SpanSet) -> io::Result<()> {
        let mut files: BTreeMap<(u64, u64), Vec<Trace<'_>>> = BTreeMap::new();
        for trace in set.traces() {
            let hour = trace.start() / 3_600_000_000_000;
            files.entry((hour, trace_hash(trace.id()) % BUCKETS)).or_default().push(trace);
        }
        for ((hour, bucket), traces) in files {
            let folder =
                self.folder.join(format!("hour={}", utc_hour(hour))).join(format!("bucket={bucket:02}"));
            fs::create_dir_all(&folder)?;
            let file = File::create(folder.join(format!("part-{:05}.parquet", self.sets)))?;
            self.write(file, &traces).map_err(other)?;
        }
        self.sets += 1;
        Ok(())
    }

    fn write(&self, file: File, traces: &[Trace<'_>]) -> Result<()> {
        let mut writer =
            SerializedFileWriter::new(file, Arc::clone(&self.schema), Arc::clone(&self.properties))?;
        let mut columns = Columns::default();
        for trace in traces {
            trace.spans().for_each(|span| columns.add(span));
            if columns.len() >= ROWS {
                row_group(&std::mem::take(&mut columns), &mut writer)?;
            }
        }
        if columns.len() > 0 {
            row_group(&columns, &mut writer)?;
        }
        writer.close().map(|_| ())
    }
}

fn row_group(columns: &Columns, writer: &mut SerializedFileWriter<File>) -> Result<()> {
    let mut group = writer.next_row_group()?;
    columns.write(|write| {
        let missing = || parquet::errors::ParquetError::General("the schema has too few columns".to_owned());
        let mut column = group.next_column()?.ok_or_else(missing)?;
        write(column.untyped())?;
        column.close()
    })?;
    group.close().map(|_| ())
}

fn other(error: parquet::errors::ParquetError) -> io::Error {
    io::Error::other(error)
}
