//! The lines of values in a text.

use serde_json::value::RawValue;

use super::JaegerError;

/// A JSON text, and where its values are.
#[derive(Clone, Copy)]
pub(super) struct Text<'a>(pub(super) &'a str);

impl<'a> Text<'a> {
    /// Returns the line of a value that borrows from this text, from 1 on.
    fn line(self, value: &RawValue) -> usize {
        let offset = (value.get().as_ptr() as usize).saturating_sub(self.0.as_ptr() as usize);
        1 + self.0.as_bytes().iter().take(offset).filter(|&&byte| byte == b'\n').count()
    }

    pub(super) fn error(self, value: &RawValue, reason: impl Into<String>) -> JaegerError {
        JaegerError::new(self.line(value), reason)
    }

    /// Returns the text of a value.
    pub(super) fn string(self, what: &str, value: &RawValue) -> Result<String, JaegerError> {
        serde_json::from_str(value.get())
            .map_err(|_| self.error(value, format!("{what} is {}: use a string", value.get())))
    }

    /// Returns the number of a value, which must be at least 0 and at most `max`.
    pub(super) fn number(self, what: &str, value: &'a RawValue, max: f64) -> Result<f64, JaegerError> {
        match serde_json::from_str(value.get()) {
            Ok(number) if (0.0..=max).contains(&number) => Ok(number),
            _ if max.is_finite() => {
                Err(self.error(value, format!("{what} is {}: use a number from 0 to {max}", value.get())))
            }
            _ => {
                Err(self.error(value, format!("{what} is {}: use a number that is at least 0", value.get())))
            }
        }
    }
}
