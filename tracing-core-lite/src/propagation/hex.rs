//! Lower-case hexadecimal by table, without allocation.

/// The nibble of each lower-case hex digit; [`INVALID`] for every other byte.
const NIBBLES: [u8; 256] = {
    let mut table = [INVALID; 256];
    let mut nibble = 0;
    while nibble < 16 {
        table[DIGITS[nibble] as usize] = nibble as u8;
        nibble += 1;
    }
    table
};

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Above every nibble, so that one comparison at the end finds any bad digit.
const INVALID: u8 = 0xf0;

/// Both digits of each byte.
const PAIRS: [[u8; 2]; 256] = {
    let mut table = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = [DIGITS[byte >> 4], DIGITS[byte & 15]];
        byte += 1;
    }
    table
};

/// Reads `N` bytes from `2 * N` digits; `None` when `digits` is shorter, or when one is not a lower-case hex digit.
#[inline]
pub(super) fn decode<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let pairs = digits.get(..2 * N)?.chunks_exact(2);
    let mut bytes = [0; N];
    let mut seen = 0;
    for (byte, pair) in bytes.iter_mut().zip(pairs) {
        let (high, low) = (NIBBLES[pair[0] as usize], NIBBLES[pair[1] as usize]);
        seen |= high | low;
        *byte = (high << 4) | low;
    }
    (seen < INVALID).then_some(bytes)
}

/// Writes `bytes` as digits to the front of `out`, as many as it has room for.
#[inline]
pub(super) fn encode(bytes: &[u8], out: &mut [u8]) {
    for (pair, &byte) in out.chunks_exact_mut(2).zip(bytes) {
        pair.copy_from_slice(&PAIRS[byte as usize]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_comes_back() {
        for byte in 0..=255_u8 {
            let mut digits = [0; 2];
            encode(&[byte], &mut digits);
            assert_eq!(digits, format!("{byte:02x}").as_bytes());
            assert_eq!(decode::<1>(&digits), Some([byte]));
        }
    }

    #[test]
    fn only_lower_case_digits_are_read() {
        for digits in [&b"0A"[..], b"A0", b"g0", b"0 ", b"-1", b"0", b"", b"\xff0"] {
            assert_eq!(decode::<1>(digits), None, "{digits:?}");
        }
    }
}
