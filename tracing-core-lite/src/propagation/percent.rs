//! Percent-encoding as W3C Baggage uses it (RFC 3986, section 2.1).

use percent_encoding::{AsciiSet, CONTROLS, percent_decode, utf8_percent_encode};

use crate::percent::is_well_formed;

/// The bytes that are encoded in a baggage value: all but baggage octets, and also `%` and `+`.
///
/// Some readers decode `+` as a space, as in forms. `%2B` is a plus for every reader.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%').add(b'+').add(b',').add(b';').add(b'\\');

/// Returns whether `byte` needs no encoding in a baggage value:
/// `baggage-octet = %x21 / %x23-2B / %x2D-3A / %x3C-5B / %x5D-7E`.
pub(super) fn is_baggage_octet(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e)
}

/// Decodes `text`. Bytes that are not UTF-8 become U+FFFD. Returns `None` if `text` has bytes that are not baggage
/// octets, or a `%` without two hexadecimal digits.
pub(super) fn decode(text: &[u8]) -> Option<String> {
    if !text.iter().all(|byte| is_baggage_octet(*byte)) || !is_well_formed(text) {
        return None;
    }
    Some(percent_decode(text).decode_utf8_lossy().into_owned())
}

/// Appends `text`, percent-encoded.
pub(super) fn encode_to(out: &mut String, text: &str) {
    out.extend(utf8_percent_encode(text, ENCODED));
}

/// All bytes but letters, digits and `-._~`.
#[cfg(feature = "jaeger")]
const ALL: &AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Appends `text` with everything encoded but letters, digits and `-._~`, so that every reader decodes it alike.
#[cfg(feature = "jaeger")]
pub(super) fn encode_all_to(out: &mut String, text: &str) {
    out.extend(utf8_percent_encode(text, ALL));
}

/// Decodes `text` as a query does, where a plus is a space. A `%` without two digits stands for itself, and bytes that are
/// not UTF-8 become U+FFFD. Returns `None` if `text` has bytes that a header cannot carry.
#[cfg(feature = "jaeger")]
pub(super) fn decode_lossy(text: &[u8]) -> Option<String> {
    if text.iter().any(|byte| matches!(byte, 0..=31 | 127) && *byte != b'\t') {
        return None;
    }
    let spaced: Vec<u8> = text.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
    Some(percent_decode(&spaced).decode_utf8_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoding_and_decoding_are_inverse() {
        for text in ["", "a b", "100%", "\"\\,;\u{7f}\n", "żółw 🐢", "=?&/+"] {
            let mut encoded = String::new();
            encode_to(&mut encoded, text);
            assert!(encoded.bytes().all(is_baggage_octet), "{encoded}");
            assert_eq!(decode(encoded.as_bytes()).as_deref(), Some(text));
        }
    }

    #[test]
    fn a_plus_is_encoded_as_some_readers_take_it_for_a_blank() {
        for (text, expected) in [("a+b", "a%2Bb"), ("+", "%2B"), ("1 + 1", "1%20%2B%201")] {
            let mut encoded = String::new();
            encode_to(&mut encoded, text);
            assert_eq!(encoded, expected);
        }
        assert_eq!(decode(b"a+b").as_deref(), Some("a+b"));
    }

    #[test]
    fn malformed_values_are_refused() {
        for text in ["%", "%1", "%g0", "a b", "a,b", "\"", "\\", ";", "é", "\n"] {
            assert_eq!(decode(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(decode(b"%ff").as_deref(), Some("\u{fffd}"));
    }
}
