//! The `error.type` of a client's errors.

use std::error::Error;

use crate::record::error_type;

/// Finds the `error.type` of errors of type `E`.
pub trait Classify<E> {
    /// Returns the class of `error`: one of few names, never a message.
    fn error_type(&self, error: &E) -> &'static str;
}

/// Classifies by the deepest known cause, such as a timeout, or else by the name of the error's type.
#[derive(Debug, Clone, Copy, Default)]
pub struct StdErrors;

impl<E: Error + 'static> Classify<E> for StdErrors {
    fn error_type(&self, error: &E) -> &'static str {
        error_type::of_error(error)
    }
}

/// Classifies boxed errors by the deepest known cause. Unknown errors are `_OTHER`, because the type in a box has no name.
#[derive(Debug, Clone, Copy, Default)]
pub struct BoxedErrors;

impl Classify<Box<dyn Error + Send + Sync>> for BoxedErrors {
    fn error_type(&self, error: &Box<dyn Error + Send + Sync>) -> &'static str {
        error_type::of_boxed(error.as_ref())
    }
}
