//! Text on the stack.

use std::fmt;

/// A text of up to `N` bytes on the stack, for span names and attribute values that are composed on the hot
/// path.
///
/// Text that does not fit is cut at a character boundary. Anything pushed after that is ignored.
///
/// ```
/// use tracing_core_lite::layer_support::StackText;
///
/// let mut name = StackText::<16>::new();
/// name.push("send ").push("orders.created");
/// assert_eq!(name.as_str(), "send orders.crea");
/// assert!(name.is_cut());
/// ```
pub struct StackText<const N: usize> {
    bytes: [u8; N],
    len: usize,
    is_cut: bool,
}

impl<const N: usize> StackText<N> {
    /// Creates an empty text.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: [0; N], len: 0, is_cut: false }
    }

    /// Creates a text of the first `len` of `bytes`, which are ASCII.
    #[inline]
    pub(crate) fn of_ascii(bytes: [u8; N], len: usize) -> Self {
        debug_assert!(bytes[..len].is_ascii());
        Self { bytes, len, is_cut: false }
    }

    /// Appends as much of `text` as fits.
    #[inline]
    pub fn push(&mut self, text: &str) -> &mut Self {
        if self.is_cut {
            return self;
        }
        let mut fitting = text.len().min(N - self.len);
        while !text.is_char_boundary(fitting) {
            fitting -= 1;
        }
        self.is_cut = fitting < text.len();
        self.bytes[self.len..self.len + fitting].copy_from_slice(&text.as_bytes()[..fitting]);
        self.len += fitting;
        self
    }

    /// Returns whether the text was cut.
    #[inline]
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Returns the text.
    #[inline]
    #[must_use]
    pub fn as_str(&self) -> &str {
        // The bytes are whole characters.
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }
}

impl<const N: usize> Default for StackText<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> fmt::Debug for StackText<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

/// Never fails: text that does not fit is cut.
impl<const N: usize> fmt::Write for StackText<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_cut() {
        let mut text = StackText::<4>::new();
        text.push("a").push("bä").push("ö").push("c");
        assert_eq!(text.as_str(), "abä");
        assert!(text.is_cut());
    }
}
