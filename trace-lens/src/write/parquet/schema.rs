//! The columns of a file.

use parquet::errors::Result;
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::Type;

/// The columns of `otel_traces`, the table of the Collector's ClickHouse exporter. Columns of its nested tables have a dot in
/// their names.
const SCHEMA: &str = "
message otel_traces {
    required int64 Timestamp (TIMESTAMP(NANOS, true));
    required binary TraceId (STRING);
    required binary SpanId (STRING);
    required binary ParentSpanId (STRING);
    required binary TraceState (STRING);
    required binary SpanName (STRING);
    required binary SpanKind (STRING);
    required binary ServiceName (STRING);
    required group ResourceAttributes (MAP) {
        repeated group key_value { required binary key (STRING); required binary value (STRING); }
    }
    required binary ScopeName (STRING);
    required binary ScopeVersion (STRING);
    required group SpanAttributes (MAP) {
        repeated group key_value { required binary key (STRING); required binary value (STRING); }
    }
    required int64 Duration (INTEGER(64, false));
    required binary StatusCode (STRING);
    required binary StatusMessage (STRING);
    required group Events.Timestamp (LIST) {
        repeated group list { required int64 element (TIMESTAMP(NANOS, true)); }
    }
    required group Events.Name (LIST) { repeated group list { required binary element (STRING); } }
    required group Events.Attributes (LIST) {
        repeated group list {
            required group element (MAP) {
                repeated group key_value { required binary key (STRING); required binary value (STRING); }
            }
        }
    }
    required group Links.TraceId (LIST) { repeated group list { required binary element (STRING); } }
    required group Links.SpanId (LIST) { repeated group list { required binary element (STRING); } }
    required group Links.TraceState (LIST) { repeated group list { required binary element (STRING); } }
    required group Links.Attributes (LIST) {
        repeated group list {
            required group element (MAP) {
                repeated group key_value { required binary key (STRING); required binary value (STRING); }
            }
        }
    }
}
";

pub(super) fn schema() -> Result<Type> {
    parse_message_type(SCHEMA)
}
