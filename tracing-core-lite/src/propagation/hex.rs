//! Lower-case hexadecimal without allocation.

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The two digits of each byte.
const PAIRS: [[u8; 2]; 256] = {
    let mut table = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = [DIGITS[byte >> 4], DIGITS[byte & 15]];
        byte += 1;
    }
    table
};

/// Decodes `N` bytes from `2 * N` digits. Returns `None` if `digits` is shorter or contains anything but lower-case hex
/// digits.
///
/// The loop has no branches, so that the compiler can vectorize it.
#[inline]
pub(super) fn decode<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    /// The value 1 in each byte.
    const ONES: u16 = 0x0101;
    let pairs = digits.get(..2 * N)?.as_chunks::<2>().0;
    let mut bytes = [0; N];
    let mut unfit = 0;
    for (byte, pair) in bytes.iter_mut().zip(pairs) {
        let text = u16::from_le_bytes(*pair);
        // Letters have bit 6 set, and their value is their low nibble plus nine.
        let nibbles = (text & (ONES * 0x0f)) + ((text >> 6) & ONES) * 9;
        // Encoding the result again gives the input only if all of it is lower-case hex digits.
        let is_letter = ((nibbles + ONES * 6) >> 4) & ONES;
        let again = nibbles + ONES * b'0' as u16 + is_letter * (b'a' - b'9' - 1) as u16;
        unfit |= (again ^ text) | (nibbles & (ONES * 0xf0));
        *byte = ((nibbles << 4) | (nibbles >> 8)) as u8;
    }
    (unfit == 0).then_some(bytes)
}

/// Encodes `bytes` to the front of `out`, as far as there is room.
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
    fn every_digit_is_told_from_every_other_byte_at_every_place() {
        for place in 0..8 {
            for byte in 0..=255_u8 {
                let mut digits = *b"0123cdef";
                digits[place] = byte;
                let text = String::from_utf8_lossy(&digits);
                let is_digit = matches!(byte, b'0'..=b'9' | b'a'..=b'f');
                let expected = is_digit.then(|| u32::from_str_radix(&text, 16).unwrap().to_be_bytes());
                assert_eq!(decode::<4>(&digits), expected, "{digits:?}");
            }
        }
    }

    #[test]
    fn only_lower_case_digits_are_read() {
        for digits in [&b"0A"[..], b"A0", b"g0", b"0 ", b"-1", b"0", b"", b"\xff0"] {
            assert_eq!(decode::<1>(digits), None, "{digits:?}");
        }
    }
}
