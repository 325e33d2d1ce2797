//! Text built without the heap.

use std::fmt;

/// Up to `N` bytes of text on the stack. What does not fit is cut.
pub(crate) struct StackText<const N: usize> {
    bytes: [u8; N],
    len: usize,
    is_cut: bool,
}

impl<const N: usize> StackText<N> {
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; N], len: 0, is_cut: false }
    }

    #[inline]
    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
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

    /// Whether there was more than fits.
    #[cfg(feature = "redis")]
    pub(crate) fn is_cut(&self) -> bool {
        self.is_cut
    }

    #[inline]
    pub(crate) fn as_str(&self) -> &str {
        // Always whole characters, and so always text.
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }
}

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
    }
}
