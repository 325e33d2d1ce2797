//! Responses of the server, which may contain errors.

use redis::Value;

use super::ErrorClass;

/// A response, which may contain an error.
pub(crate) trait Response {
    /// Returns the first error that the server responded with.
    fn error(&self) -> Option<ErrorClass<'_>>;
    /// Returns whether the response is nil.
    fn is_nil(&self) -> bool;
}

impl Response for Value {
    fn error(&self) -> Option<ErrorClass<'_>> {
        match self {
            Value::ServerError(error) => Some(ErrorClass::of_code(error.code())),
            _ => None,
        }
    }

    fn is_nil(&self) -> bool {
        matches!(self, Value::Nil)
    }
}

/// The responses of a transaction are in an array inside the list.
impl Response for Vec<Value> {
    fn error(&self) -> Option<ErrorClass<'_>> {
        self.iter().find_map(|value| match value {
            Value::Array(values) => values.iter().find_map(Response::error),
            value => value.error(),
        })
    }

    fn is_nil(&self) -> bool {
        matches!(self.as_slice(), [Value::Nil])
    }
}
