//! The rows of a Parquet file.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};

use parquet::basic::{ConvertedType, Type as Physical};
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, FileReader};
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::schema::types::{Type, TypePtr};

use super::span::{COLUMNS, SpanRow};
use crate::read::report::{Position, Problem};
use crate::read::sink::Sink;

/// Where Parquet is read from.
#[derive(Debug)]
pub(crate) enum Source {
    /// A file, of which only the parts that are needed are read.
    File(File),
    /// The whole content.
    Memory(Vec<u8>),
}

/// Reads spans into a sink. Faults become problems of the sink.
pub(crate) fn read(source: Source, sink: &mut Sink) {
    let mut row = 0;
    // The library panics on some damaged files.
    let result = catch_unwind(AssertUnwindSafe(|| match source {
        Source::File(file) => rows(file, sink, &mut row),
        Source::Memory(bytes) => rows(bytes::Bytes::from(bytes), sink, &mut row),
    }));
    let fault = match result {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error.to_string(),
        Err(_) => "the Parquet file is damaged".to_owned(),
    };
    sink.builder.discard_open();
    sink.problem(Problem::new(Position::Row(row + 1), fault), 1);
}

fn rows<R: ChunkReader + 'static>(source: R, sink: &mut Sink, row: &mut u64) -> Result<()> {
    let reader = SerializedFileReader::new(source)?;
    let projection = projection(reader.metadata().file_metadata().schema())?;
    let mut span = SpanRow::default();
    for next in reader.get_row_iter(Some(projection))? {
        let next = next?;
        span.read(&next, sink);
        *row += 1;
        let position = Position::Row(*row);
        sink.settle(|what| Problem::new(position, what));
        sink.relieve();
    }
    Ok(())
}

/// Returns the schema with the columns that are read only.
fn projection(schema: &Type) -> Result<Type> {
    let fields: Vec<TypePtr> =
        schema.get_fields().iter().filter(|it| COLUMNS.contains(&it.name())).cloned().collect();
    for name in ["TraceId", "SpanId"] {
        if fields.iter().all(|it| it.name() != name) {
            return Err(ParquetError::General(format!(
                "there is no column {name}; the columns must be those of the Collector's ClickHouse exporter"
            )));
        }
    }
    fields.iter().try_for_each(|field| check(field))?;
    Type::group_type_builder(schema.name()).with_fields(fields).build()
}

/// Refuses types that the library cannot turn into values.
fn check(field: &Type) -> Result<()> {
    if field.is_group() {
        return field.get_fields().iter().try_for_each(|it| check(it));
    }
    use ConvertedType as C;
    let converted = field.get_basic_info().converted_type();
    let is_known = match field.get_physical_type() {
        Physical::BYTE_ARRAY => matches!(converted, C::NONE | C::UTF8 | C::ENUM | C::JSON),
        Physical::INT64 => {
            matches!(converted, C::NONE | C::INT_64 | C::UINT_64 | C::TIMESTAMP_MILLIS | C::TIMESTAMP_MICROS)
        }
        Physical::INT32 => matches!(
            converted,
            C::NONE | C::INT_8 | C::INT_16 | C::INT_32 | C::UINT_8 | C::UINT_16 | C::UINT_32
        ),
        Physical::INT96 | Physical::BOOLEAN | Physical::FLOAT | Physical::DOUBLE => true,
        Physical::FIXED_LEN_BYTE_ARRAY => converted == C::NONE,
    };
    if is_known {
        return Ok(());
    }
    Err(ParquetError::General(format!("the column {} has a type that is not read", field.name())))
}
