//! Attribute values that borrow from the caller.

use opentelemetry::{Array, KeyValue};

/// The value of an attribute: a string, bool, integer or double, or an array of one of these.
///
/// It borrows, and is copied once into the buffer of the span. Values convert with `Into`, as in
/// `span.set("http.route", route)`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// A string.
    Str(&'a str),
    /// A bool.
    Bool(bool),
    /// A signed 64-bit integer, the only integer of OTLP. Larger unsigned values become `i64::MAX`.
    Int(i64),
    /// A double.
    Double(f64),
    /// Strings.
    StrArray(&'a [&'a str]),
    /// Owned strings.
    StringArray(&'a [String]),
    /// Bools.
    BoolArray(&'a [bool]),
    /// Integers.
    IntArray(&'a [i64]),
    /// Doubles.
    DoubleArray(&'a [f64]),
}

macro_rules! value_from {
    ($($from:ty => |$name:ident| $to:expr),+ $(,)?) => {
        $(impl<'a> From<$from> for Value<'a> {
            #[inline]
            fn from($name: $from) -> Self {
                $to
            }
        })+
    };
}

value_from! {
    &'a str => |value| Value::Str(value),
    &'a String => |value| Value::Str(value),
    &'a std::borrow::Cow<'_, str> => |value| Value::Str(value),
    bool => |value| Value::Bool(value),
    i64 => |value| Value::Int(value),
    i32 => |value| Value::Int(value.into()),
    i16 => |value| Value::Int(value.into()),
    i8 => |value| Value::Int(value.into()),
    u32 => |value| Value::Int(value.into()),
    u16 => |value| Value::Int(value.into()),
    u8 => |value| Value::Int(value.into()),
    u64 => |value| Value::Int(i64::try_from(value).unwrap_or(i64::MAX)),
    usize => |value| Value::Int(i64::try_from(value).unwrap_or(i64::MAX)),
    f64 => |value| Value::Double(value),
    f32 => |value| Value::Double(value.into()),
    &'a [&'a str] => |value| Value::StrArray(value),
    &'a [String] => |value| Value::StringArray(value),
    &'a [bool] => |value| Value::BoolArray(value),
    &'a [i64] => |value| Value::IntArray(value),
    &'a [f64] => |value| Value::DoubleArray(value),
    &'a Vec<String> => |value| Value::StringArray(value),
    &'a Vec<i64> => |value| Value::IntArray(value),
    &'a Vec<f64> => |value| Value::DoubleArray(value),
    &'a Vec<bool> => |value| Value::BoolArray(value),
}

impl<'a, const N: usize> From<&'a [&'a str; N]> for Value<'a> {
    fn from(value: &'a [&'a str; N]) -> Self {
        Value::StrArray(value)
    }
}

impl<'a, const N: usize> From<&'a [i64; N]> for Value<'a> {
    fn from(value: &'a [i64; N]) -> Self {
        Value::IntArray(value)
    }
}

/// Calls `visit` with a value of the OpenTelemetry API as ours.
pub(crate) fn visit_otel<R>(value: &opentelemetry::Value, visit: impl FnOnce(Value<'_>) -> R) -> R {
    visit(borrow_otel(value, &otel_texts(value)))
}

/// Calls `visit` with attributes of the OpenTelemetry API as ours.
pub(super) fn visit_all_otel(attributes: &[KeyValue], visit: impl FnOnce(&[(&str, Value<'_>)])) {
    let texts: Vec<Vec<&str>> = attributes.iter().map(|attribute| otel_texts(&attribute.value)).collect();
    let values: Vec<(&str, Value<'_>)> = attributes
        .iter()
        .zip(&texts)
        .map(|(attribute, texts)| (attribute.key.as_str(), borrow_otel(&attribute.value, texts)))
        .collect();
    visit(&values);
}

/// Returns the borrowed texts of an array of strings, or nothing for any other value.
fn otel_texts(value: &opentelemetry::Value) -> Vec<&str> {
    match value {
        opentelemetry::Value::Array(Array::String(texts)) => texts.iter().map(|text| text.as_str()).collect(),
        _ => Vec::new(),
    }
}

/// Converts a value of the OpenTelemetry API, whose [`otel_texts`] are `texts`.
fn borrow_otel<'a>(value: &'a opentelemetry::Value, texts: &'a [&'a str]) -> Value<'a> {
    match value {
        opentelemetry::Value::Bool(value) => (*value).into(),
        opentelemetry::Value::I64(value) => (*value).into(),
        opentelemetry::Value::F64(value) => (*value).into(),
        opentelemetry::Value::String(value) => value.as_str().into(),
        opentelemetry::Value::Array(Array::Bool(values)) => values.into(),
        opentelemetry::Value::Array(Array::I64(values)) => values.into(),
        opentelemetry::Value::Array(Array::F64(values)) => values.into(),
        opentelemetry::Value::Array(_) => Value::StrArray(texts),
        // The enum is non-exhaustive, but has no other variant in this version.
        _ => Value::Str(""),
    }
}

impl Value<'_> {
    /// Returns the bytes of the longest text in it.
    pub(super) fn longest_text(&self) -> usize {
        match self {
            Value::Str(text) => text.len(),
            Value::StrArray(texts) => texts.iter().map(|text| text.len()).max().unwrap_or(0),
            Value::StringArray(texts) => texts.iter().map(String::len).max().unwrap_or(0),
            _ => 0,
        }
    }

    /// Converts to a value of the OpenTelemetry API, which owns its texts.
    pub(crate) fn to_otel(self) -> opentelemetry::Value {
        fn strings<T: AsRef<str>>(items: &[T]) -> Array {
            Array::String(items.iter().map(|item| item.as_ref().to_owned().into()).collect())
        }
        use opentelemetry::Value as Otel;
        match self {
            Value::Str(value) => value.to_owned().into(),
            Value::Bool(value) => value.into(),
            Value::Int(value) => value.into(),
            Value::Double(value) => value.into(),
            Value::StrArray(values) => Otel::Array(strings(values)),
            Value::StringArray(values) => Otel::Array(strings(values)),
            Value::BoolArray(values) => Otel::Array(Array::Bool(values.to_vec())),
            Value::IntArray(values) => Otel::Array(Array::I64(values.to_vec())),
            Value::DoubleArray(values) => Otel::Array(Array::F64(values.to_vec())),
        }
    }
}
