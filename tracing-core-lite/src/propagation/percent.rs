//! Percent-encoding as W3C Baggage uses it (RFC 3986, section 2.1).

use std::fmt::Write;

/// Whether `byte` may stand for itself in a baggage value:
/// `baggage-octet = %x21 / %x23-2B / %x2D-3A / %x3C-5B / %x5D-7E`.
pub(super) fn is_baggage_octet(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e)
}

/// Decodes `text`. Bytes that are not UTF-8 become U+FFFD. `None` when it holds anything but baggage octets, or a `%` that
/// no two hex digits follow.
pub(super) fn decode(text: &[u8]) -> Option<String> {
    if !text.iter().all(|byte| is_baggage_octet(*byte)) {
        return None;
    }
    Some(
        String::from_utf8(crate::percent::decode(text)?)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
    )
}

/// Appends `text`, with every byte encoded that may not stand for itself, and `%` too.
pub(super) fn encode_to(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte != b'%' && is_baggage_octet(byte) {
            out.push(char::from(byte));
        } else {
            let _infallible = write!(out, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_encoded_decodes() {
        for text in ["", "a b", "100%", "\"\\,;\u{7f}\n", "żółw 🐢", "=?&/+"] {
            let mut encoded = String::new();
            encode_to(&mut encoded, text);
            assert!(encoded.bytes().all(is_baggage_octet), "{encoded}");
            assert_eq!(decode(encoded.as_bytes()).as_deref(), Some(text));
        }
    }

    #[test]
    fn what_is_malformed_does_not() {
        for text in ["%", "%1", "%g0", "a b", "a,b", "\"", "\\", ";", "é", "\n"] {
            assert_eq!(decode(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(decode(b"%ff").as_deref(), Some("\u{fffd}"));
    }
}
