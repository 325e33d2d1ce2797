//! Text built without the heap.

use std::fmt;

/// Up to `N` bytes of text on the stack. A piece that does not fit is an error, and leaves the text as it was.
pub(crate) struct StackText<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> StackText<N> {
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; N], len: 0 }
    }

    #[inline]
    pub(crate) fn push(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }

    #[inline]
    pub(crate) fn as_str(&self) -> &str {
        // Always whole pieces of text, and so always text.
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }
}

impl<const N: usize> fmt::Write for StackText<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_left_out() {
        let mut text = StackText::<4>::new();
        assert!(text.push("äb").is_ok());
        assert!(text.push("cd").is_err());
        assert!(text.push("c").is_ok());
        assert_eq!(text.as_str(), "äbc");
    }
}
