//! What a sampler can ask about the request that a span is for.

use std::borrow::Cow;
use std::net::IpAddr;

use opentelemetry::{KeyValue, Value};

/// A lazy view of the request that a span is for.
///
/// A sampler asks it before the span's attributes are written, so an implementation computes an attribute only when it
/// is asked for it. The views of the HTTP and gRPC layers and of the messaging kit know the attributes that their spans
/// start with. A list of attributes is a view, too:
///
/// ```
/// use tracing_core_lite::sampling::{AttributeValue, RequestView};
///
/// let list = [("shop.tier", AttributeValue::from("gold")), ("shop.items", 3.into())];
/// let view: &dyn RequestView = &list;
/// assert_eq!(view.attribute("shop.items"), Some(AttributeValue::Int(3)));
/// assert_eq!(view.header("x-tier"), None);
/// ```
pub trait RequestView {
    /// Returns the value of an attribute that the span starts with.
    fn attribute(&self, key: &str) -> Option<AttributeValue<'_>>;

    /// Returns the first value of a header of the request, `None` if there is none. `name` is in lower case.
    ///
    /// The default returns `None`.
    fn header(&self, name: &str) -> Option<&[u8]> {
        let _ = name;
        None
    }

    /// Returns the address of the peer that sent the request, as the connection has it. What proxies say about it is
    /// not considered.
    ///
    /// The default returns `None`.
    fn peer(&self) -> Option<IpAddr> {
        None
    }
}

/// The value of an attribute that a span starts with.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum AttributeValue<'a> {
    /// A text.
    Str(Cow<'a, str>),
    /// A truth value.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A floating-point number.
    Double(f64),
}

impl<'a> AttributeValue<'a> {
    /// Returns the value as a text, `None` if it is not one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the value as a text, and converts it if it is not one.
    #[must_use]
    pub fn into_text(self) -> Cow<'a, str> {
        match self {
            Self::Str(text) => text,
            Self::Bool(value) => Cow::Borrowed(if value { "true" } else { "false" }),
            Self::Int(value) => Cow::Owned(value.to_string()),
            Self::Double(value) => Cow::Owned(value.to_string()),
        }
    }

    /// Returns a scalar of the OpenTelemetry API, `None` for an array.
    #[must_use]
    pub fn of(value: &'a Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(Self::Str(Cow::Borrowed(text.as_str()))),
            Value::Bool(value) => Some(Self::Bool(*value)),
            Value::I64(value) => Some(Self::Int(*value)),
            Value::F64(value) => Some(Self::Double(*value)),
            _ => None,
        }
    }
}

impl<'a> From<&'a str> for AttributeValue<'a> {
    fn from(text: &'a str) -> Self {
        Self::Str(Cow::Borrowed(text))
    }
}

impl From<String> for AttributeValue<'_> {
    fn from(text: String) -> Self {
        Self::Str(Cow::Owned(text))
    }
}

impl From<bool> for AttributeValue<'_> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for AttributeValue<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<i32> for AttributeValue<'_> {
    fn from(value: i32) -> Self {
        Self::Int(value.into())
    }
}

impl From<u16> for AttributeValue<'_> {
    fn from(value: u16) -> Self {
        Self::Int(value.into())
    }
}

impl From<f64> for AttributeValue<'_> {
    fn from(value: f64) -> Self {
        Self::Double(value)
    }
}

impl<const N: usize> RequestView for [(&str, AttributeValue<'_>); N] {
    fn attribute(&self, key: &str) -> Option<AttributeValue<'_>> {
        self.iter().find(|(known, _)| *known == key).map(|(_, value)| value.clone())
    }
}

impl RequestView for Vec<KeyValue> {
    fn attribute(&self, key: &str) -> Option<AttributeValue<'_>> {
        self.iter()
            .rev()
            .find(|known| known.key.as_str() == key)
            .and_then(|known| AttributeValue::of(&known.value))
    }
}
