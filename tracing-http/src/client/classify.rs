//! Classes of errors of clients.

use std::error::Error;

use crate::error_type;

/// Gives errors of type `E` a class for `error.type`.
pub trait Classify<E> {
    /// The class: one of few names, and never a message.
    fn error_type(&self, error: &E) -> &'static str;
}

/// Looks through the causes of an error for one that it knows, such as a timeout; else the class is the error's type.
#[derive(Debug, Clone, Copy, Default)]
pub struct StdErrors;

impl<E: Error + 'static> Classify<E> for StdErrors {
    fn error_type(&self, error: &E) -> &'static str {
        error_type::of_error(error)
    }
}

/// As [`StdErrors`], for boxed errors, whose types have no names: what is not known is `_OTHER`.
#[derive(Debug, Clone, Copy, Default)]
pub struct BoxedErrors;

impl Classify<Box<dyn Error + Send + Sync>> for BoxedErrors {
    fn error_type(&self, error: &Box<dyn Error + Send + Sync>) -> &'static str {
        error_type::of_boxed(error.as_ref())
    }
}
