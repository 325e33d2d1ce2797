//! Texts within other encodings: percent-encoding and the escape sequences of JSON.

use std::ops::Range;

/// A decoded text, and where each of its bytes was.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) text: String,
    /// The start of each byte in the encoded text, and the end of that text.
    starts: Vec<usize>,
}

impl Decoded {
    /// Decodes `text` once. Returns `None` if that changes nothing.
    pub(super) fn of(text: &str) -> Option<Self> {
        if !text.bytes().any(|byte| byte == b'%' || byte == b'\\') {
            return None;
        }
        let source = text.as_bytes();
        let mut bytes = Vec::with_capacity(source.len());
        let mut starts = Vec::with_capacity(source.len() + 1);
        let mut at = 0;
        while at < source.len() {
            let (byte, len) = match source[at] {
                b'%' => hexadecimal(&source[at + 1..], 2).map(|value| (value as u8, 3)),
                b'\\' => escape(&source[at + 1..]),
                _ => None,
            }
            .unwrap_or((source[at], 1));
            bytes.push(byte);
            starts.push(at);
            at += len;
        }
        if bytes.len() == source.len() {
            return None;
        }
        starts.push(source.len());
        Some(Self { text: text_of(bytes), starts })
    }

    /// Decodes the text again.
    pub(super) fn again(&self) -> Option<Self> {
        let mut inner = Self::of(&self.text)?;
        inner.starts.iter_mut().for_each(|start| *start = self.starts[*start]);
        Some(inner)
    }

    /// Returns where a part of the decoded text was in the encoded one.
    pub(super) fn encoded(&self, range: &Range<usize>) -> Range<usize> {
        self.starts[range.start]..self.starts[range.end]
    }
}

/// Returns the text of `bytes`. Bytes that are not UTF-8 are replaced one by one, so that all others keep their positions.
pub(super) fn text_of(mut bytes: Vec<u8>) -> String {
    loop {
        match String::from_utf8(bytes) {
            Ok(text) => return text,
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                let len = error.utf8_error().error_len();
                bytes = error.into_bytes();
                let end = len.map_or(bytes.len(), |len| valid + len);
                bytes[valid..end].fill(b'?');
            }
        }
    }
}

fn hexadecimal(bytes: &[u8], digits: usize) -> Option<u32> {
    let digits = bytes.get(..digits).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// Returns the ASCII character of an escape sequence after its backslash, and the length of the sequence. Escaped characters
/// beyond ASCII stay as they are: secrets do not contain them.
fn escape(rest: &[u8]) -> Option<(u8, usize)> {
    let ascii = |value: u32| u8::try_from(value).ok().filter(u8::is_ascii);
    Some(match rest.first()? {
        b'n' => (b'\n', 2),
        b'r' => (b'\r', 2),
        b't' => (b'\t', 2),
        byte @ (b'"' | b'\\' | b'/' | b'\'') => (*byte, 2),
        b'u' => (ascii(hexadecimal(&rest[1..], 4)?)?, 6),
        b'x' => (ascii(hexadecimal(&rest[1..], 2)?)?, 4),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_refer_to_the_encoded_text() {
        let encoded = "to=ann%40example.com&x=\\u0022a\\\"";
        let decoded = Decoded::of(encoded).expect("encoded");
        assert_eq!(decoded.text, "to=ann@example.com&x=\"a\"");
        assert_eq!(&encoded[decoded.encoded(&(3..18))], "ann%40example.com");
        assert_eq!(&encoded[decoded.encoded(&(21..24))], "\\u0022a\\\"");
    }

    #[test]
    fn text_may_be_encoded_twice() {
        let encoded = "a%2540b%2540c";
        let twice = Decoded::of(encoded).and_then(|once| once.again()).expect("encoded");
        assert_eq!(twice.text, "a@b@c");
        assert_eq!(&encoded[twice.encoded(&(0..3))], "a%2540b");
        assert!(twice.again().is_none());
    }

    #[test]
    fn malformed_sequences_stay() {
        for text in ["", "a", "100%", "%zz", "%4", "\\", "\\q", "\\u12", "\\u00e9"] {
            assert!(Decoded::of(text).is_none(), "{text}");
        }
        assert_eq!(Decoded::of("%FFa%C3%A9%C3").map(|decoded| decoded.text).as_deref(), Some("?a\u{e9}?"));
    }
}
