//! Ids of traces and spans, in the spellings of different tools.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Reads a trace id: up to 32 hex digits, base64 of 16 bytes, a UUID; anything else by its hash.
///
/// `None` for an empty one and for zero.
pub(crate) fn trace_id(text: &str) -> Option<u128> {
    let text = text.trim();
    let hex = text.strip_prefix("0x").unwrap_or(text);
    let undashed;
    let hex = if hex.len() == 36 && hex.bytes().filter(|&it| it == b'-').count() == 4 {
        undashed = hex.replace('-', "");
        &undashed
    } else {
        hex
    };
    let id = from_hex(hex, 32)
        .or_else(|| base64(text).and_then(|it| it.try_into().ok()).map(u128::from_be_bytes))
        .or_else(|| {
            base64(text).and_then(|it| it.try_into().ok()).map(|it| u128::from(u64::from_be_bytes(it)))
        })
        .unwrap_or_else(|| hashed(text));
    Some(id).filter(|&it| it != 0)
}

/// Reads a span id: up to 16 hex digits, base64 of 8 bytes; anything else by its hash.
///
/// `None` for an empty one and for zero.
#[allow(clippy::cast_possible_truncation)]
pub(crate) fn span_id(text: &str) -> Option<u64> {
    let text = text.trim();
    let hex = text.strip_prefix("0x").unwrap_or(text);
    let id = from_hex(hex, 32)
        .map(|it| it as u64)
        .or_else(|| base64(text).and_then(|it| it.try_into().ok()).map(u64::from_be_bytes))
        .unwrap_or_else(|| hashed(text) as u64);
    Some(id).filter(|&it| it != 0)
}

fn from_hex(text: &str, most: usize) -> Option<u128> {
    if text.is_empty() {
        return Some(0);
    }
    if text.len() > most {
        return None;
    }
    let mut id = 0u128;
    for byte in text.bytes() {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            b'A'..=b'F' => byte - b'A' + 10,
            _ => return None,
        };
        id = id << 4 | u128::from(digit);
    }
    Some(id)
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=');
    if !matches!(text.len(), 11 | 22) {
        return None;
    }
    STANDARD_NO_PAD.decode(text).or_else(|_| URL_SAFE_NO_PAD.decode(text)).ok()
}

/// FNV-1a.
fn hashed(text: &str) -> u128 {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    text.bytes().fold(OFFSET, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_id_agree() {
        let id = Some(0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736);
        for text in [
            "4bf92f3577b34da6a3ce929d0e0e4736",
            "4BF92F3577B34DA6A3CE929D0E0E4736",
            "0x4bf92f3577b34da6a3ce929d0e0e4736",
            "4bf92f35-77b3-4da6-a3ce-929d0e0e4736",
            "S/kvNXezTaajzpKdDg5HNg==",
            "S_kvNXezTaajzpKdDg5HNg",
        ] {
            assert_eq!(trace_id(text), id, "{text}");
        }
        let id = Some(0x00f0_67aa_0ba9_02b7);
        for text in ["00f067aa0ba902b7", "f067aa0ba902b7", "APBnqgupArc="] {
            assert_eq!(span_id(text), id, "{text}");
        }
    }

    #[test]
    fn other_text_is_an_id_too() {
        assert_ne!(span_id("span-A"), span_id("span-B"));
        assert_eq!(span_id("span-A"), span_id("span-A"));
        assert_eq!((trace_id(""), span_id("0000000000000000")), (None, None));
    }
}
