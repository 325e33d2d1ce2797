//! The limit of names and descriptions, for which the specification has none.

use crate::span::encode;

/// A name or a description is cut after this many characters.
pub(super) const TEXT_LIMIT: usize = 64 * 1024;

/// Cuts a name or a description.
#[inline]
pub(super) fn bounded(text: &str) -> &str {
    encode::truncate(text, Some(TEXT_LIMIT))
}
