//! Elements of arrays that are secret because of those before them.

use std::borrow::Cow;

use super::detector::Detector;
use super::rules::Redaction;
use crate::wire::{Field, Fields, Malformed};

/// What the elements before one say about it.
#[derive(Debug, Default)]
pub(super) struct ArrayContext {
    /// An element has begun a private key, and none has ended it.
    in_private_key: bool,
    /// The element before is the name of an option whose argument is secret.
    behind_secret_option: bool,
}

impl ArrayContext {
    /// Returns why this element is secret, if it is.
    pub(super) fn makes_secret(&self, element: &str) -> Option<Detector> {
        if element.is_empty() {
            None
        } else if self.in_private_key {
            Some(Detector::PrivateKey)
        } else {
            (self.behind_secret_option && !element.starts_with('-')).then_some(Detector::DeniedKey)
        }
    }

    /// Goes on to the next element.
    pub(super) fn pass(&mut self, element: &str, rules: &Redaction) {
        let boundary =
            |word: &str| element.contains("--") && element.contains(word) && element.contains("PRIVATE KEY");
        if boundary("END") {
            self.in_private_key = false;
        } else if boundary("BEGIN") {
            self.in_private_key = true;
        }
        self.behind_secret_option = element.starts_with('-') && rules.is_denied(element);
    }
}

/// Returns the text of an `AnyValue`, which is empty if it is not a string.
pub(super) fn element_text(element: &[u8]) -> Result<Cow<'_, str>, Malformed> {
    let mut fields = Fields::of(element);
    let mut text = Cow::Borrowed("");
    while let Some((number, field)) = fields.next()? {
        if let (1, Field::Bytes(bytes)) = (number, field) {
            text = String::from_utf8_lossy(bytes);
        }
    }
    Ok(text)
}
