//! International bank account numbers.

use std::ops::Range;

/// The fewest digits of an IBAN.
pub(super) const MIN_DIGITS: usize = 8;
/// The longest IBAN.
const MAX_LEN: usize = 34;

/// The lengths of the IBANs of each country (IBAN registry, release 100).
const LENGTHS: &[(&[u8; 2], usize)] = &[
    (b"AD", 24),
    (b"AE", 23),
    (b"AL", 28),
    (b"AT", 20),
    (b"AZ", 28),
    (b"BA", 20),
    (b"BE", 16),
    (b"BG", 22),
    (b"BH", 22),
    (b"BI", 27),
    (b"BR", 29),
    (b"BY", 28),
    (b"CH", 21),
    (b"CR", 22),
    (b"CY", 28),
    (b"CZ", 24),
    (b"DE", 22),
    (b"DJ", 27),
    (b"DK", 18),
    (b"DO", 28),
    (b"EE", 20),
    (b"EG", 29),
    (b"ES", 24),
    (b"FI", 18),
    (b"FK", 18),
    (b"FO", 18),
    (b"FR", 27),
    (b"GB", 22),
    (b"GE", 22),
    (b"GI", 23),
    (b"GL", 18),
    (b"GR", 27),
    (b"GT", 28),
    (b"HR", 21),
    (b"HU", 28),
    (b"IE", 22),
    (b"IL", 23),
    (b"IQ", 23),
    (b"IS", 26),
    (b"IT", 27),
    (b"JO", 30),
    (b"KW", 30),
    (b"KZ", 20),
    (b"LB", 28),
    (b"LC", 32),
    (b"LI", 21),
    (b"LT", 20),
    (b"LU", 20),
    (b"LV", 21),
    (b"LY", 25),
    (b"MC", 27),
    (b"MD", 24),
    (b"ME", 22),
    (b"MK", 19),
    (b"MN", 20),
    (b"MR", 27),
    (b"MT", 31),
    (b"MU", 30),
    (b"NI", 28),
    (b"NL", 18),
    (b"NO", 15),
    (b"OM", 23),
    (b"PK", 24),
    (b"PL", 28),
    (b"PS", 29),
    (b"PT", 25),
    (b"QA", 29),
    (b"RO", 24),
    (b"RS", 22),
    (b"RU", 33),
    (b"SA", 24),
    (b"SC", 31),
    (b"SD", 18),
    (b"SE", 24),
    (b"SI", 19),
    (b"SK", 24),
    (b"SM", 27),
    (b"SO", 23),
    (b"ST", 25),
    (b"SV", 28),
    (b"TL", 23),
    (b"TN", 24),
    (b"TR", 26),
    (b"UA", 29),
    (b"VA", 22),
    (b"VG", 24),
    (b"XK", 20),
    (b"YE", 30),
];

/// Calls `found` with each IBAN in `text`: with or without single spaces or hyphens, of the length of its country, and with
/// valid check digits (ISO 13616).
pub(super) fn find(text: &str, found: &mut dyn FnMut(Range<usize>)) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at + 4 <= bytes.len() {
        let starts = bytes[at].is_ascii_alphabetic()
            && bytes[at + 1].is_ascii_alphabetic()
            && bytes[at + 2].is_ascii_digit()
            && bytes[at + 3].is_ascii_digit()
            && at.checked_sub(1).is_none_or(|before| !bytes[before].is_ascii_alphanumeric());
        match if starts { iban_end(bytes, at) } else { None } {
            Some(end) => {
                found(at..end);
                at = end;
            }
            None => at += 1,
        }
    }
}

fn iban_end(bytes: &[u8], start: usize) -> Option<usize> {
    let country = [bytes[start].to_ascii_uppercase(), bytes[start + 1].to_ascii_uppercase()];
    let expected =
        LENGTHS.binary_search_by(|(code, _)| (*code).cmp(&country)).ok().map(|at| LENGTHS[at].1)?;
    let mut symbols = [0_u8; MAX_LEN];
    let mut len = 0;
    let mut at = start;
    while len < expected {
        match *bytes.get(at)? {
            byte if byte.is_ascii_alphanumeric() => {
                symbols[len] = byte.to_ascii_uppercase();
                len += 1;
            }
            b' ' | b'-' if bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric) && len >= 2 => {}
            _ => return None,
        }
        at += 1;
    }
    let ends = bytes.get(at).is_none_or(|byte| !byte.is_ascii_alphanumeric());
    (ends && remainder(&symbols[..len]) == 1).then_some(at)
}

/// The remainder of the rearranged number by 97.
fn remainder(symbols: &[u8]) -> u32 {
    symbols[4..].iter().chain(&symbols[..4]).fold(0, |rest, symbol| match symbol {
        b'0'..=b'9' => (rest * 10 + u32::from(symbol - b'0')) % 97,
        _ => (rest * 100 + u32::from(symbol - b'A') + 10) % 97,
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use super::*;

    #[test]
    fn countries_are_sorted() {
        assert!(LENGTHS.is_sorted_by_key(|(code, _)| *code));
    }

    #[test]
    fn accounts_are_found_within_text() {
        for (text, accounts) in [
            ("DE89370400440532013000", &["DE89370400440532013000"][..]),
            ("pay to DE89 3704 0044 0532 0130 00, thanks", &["DE89 3704 0044 0532 0130 00"]),
            ("gb82west12345698765432", &["gb82west12345698765432"]),
            ("NO93-8601-1117-947", &["NO93-8601-1117-947"]),
            ("DE88370400440532013000", &[]),
            ("DE8937040044053201300", &[]),
            ("XDE89370400440532013000", &[]),
            ("DE893704004405320130001", &[]),
            ("ZZ89370400440532013000", &[]),
        ] {
            assert_eq!(found(find, text), accounts, "{text}");
        }
    }
}
