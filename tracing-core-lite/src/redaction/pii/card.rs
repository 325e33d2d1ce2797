//! Numbers of payment cards.

use std::ops::Range;

/// The fewest digits of a card's number.
pub(super) const MIN_DIGITS: usize = 13;
/// The most digits of a card's number.
const MAX_DIGITS: usize = 19;

/// Calls `found` with each card number in `text`: digits in one run, or in groups with single spaces, hyphens or similar separators, that have
/// the prefix of an issuer, a length that this issuer uses, and a valid check digit (ISO/IEC 7812-1).
pub(super) fn find(text: &str, found: &mut dyn FnMut(Range<usize>)) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let run = Run::at(bytes, at);
        let before = at.checked_sub(1).map(|before| bytes[before]);
        // Digits within a word, a decimal or a hexadecimal number are not a card number.
        let alone = before.is_none_or(|byte| !byte.is_ascii_alphanumeric() && byte != b'.')
            && bytes.get(run.end).is_none_or(|byte| !byte.is_ascii_alphanumeric());
        if alone && let Some(end) = run.card_end() {
            found(at..end);
            at = end;
        } else {
            at = run.first_group_end.max(at + 1);
        }
    }
}

/// Digits, with single separators between groups of at least three digits.
struct Run {
    digits: [u8; MAX_DIGITS + 1],
    len: usize,
    end: usize,
    first_group_end: usize,
    /// The length and the end after each group.
    groups: Vec<(usize, usize)>,
}

impl Run {
    fn at(bytes: &[u8], start: usize) -> Self {
        let mut run =
            Self { digits: [0; MAX_DIGITS + 1], len: 0, end: start, first_group_end: 0, groups: Vec::new() };
        let mut separator = None;
        let mut at = start;
        loop {
            let group = at;
            while let Some(digit) = bytes.get(at).filter(|byte| byte.is_ascii_digit()) {
                if run.len <= MAX_DIGITS {
                    run.digits[run.len] = digit - b'0';
                }
                run.len += 1;
                at += 1;
            }
            if at == group {
                break;
            }
            run.end = at;
            if run.first_group_end == 0 {
                run.first_group_end = at;
            }
            run.groups.push((run.len, at));
            // Groups have at least three digits, and the same separator throughout.
            let next = bytes.get(at).copied().filter(|byte| b" -.+\n\t".contains(byte));
            let follows = bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
            if at - group < 3
                || next.is_none()
                || !follows
                || separator.is_some_and(|known| Some(known) != next && next != Some(b'\n'))
                || run.len > MAX_DIGITS
            {
                break;
            }
            // Numbers may be broken into lines.
            separator = next.filter(|byte| *byte != b'\n').or(separator);
            at += 1;
        }
        run
    }

    /// Returns where the card's number ends, if there is one. Further groups may follow it, as in a list of numbers.
    fn card_end(&self) -> Option<usize> {
        self.groups
            .iter()
            .rev()
            .find(|(len, _)| *len <= MAX_DIGITS && is_card(&self.digits[..*len]))
            .map(|(_, end)| *end)
    }
}

fn is_card(digits: &[u8]) -> bool {
    has_issuer(digits) && has_check_digit(digits)
}

/// Whether the number has the prefix and the length of an issuer.
fn has_issuer(digits: &[u8]) -> bool {
    if digits.len() < MIN_DIGITS {
        return false;
    }
    let prefix =
        |len: usize| digits[..len].iter().fold(0_u32, |number, digit| number * 10 + u32::from(*digit));
    match digits.len() {
        13 => prefix(1) == 4,
        14 => matches!(prefix(3), 300..=305 | 309) || matches!(prefix(2), 36 | 38 | 39),
        // American Express; UATP; JCB with 15 digits.
        15 => matches!(prefix(2), 34 | 37) || prefix(1) == 1 || matches!(prefix(4), 1800 | 2131),
        16 => {
            prefix(1) == 4
                || matches!(prefix(2), 51..=55 | 65 | 81 | 82)
                || matches!(prefix(4), 2200..=2204 | 2221..=2720 | 3528..=3589 | 6011 | 6759 | 9792)
                || matches!(prefix(3), 644..=649 | 508)
                || matches!(prefix(2), 50 | 56..=58 | 60 | 62 | 63 | 67)
        }
        17..=19 => {
            prefix(1) == 4 && digits.len() == 19
                || matches!(prefix(2), 50 | 56..=58 | 62 | 63 | 67)
                || matches!(prefix(4), 6011 | 6759)
        }
        _ => false,
    }
}

/// The algorithm of Luhn.
fn has_check_digit(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| {
            let digit = u32::from(*digit) * (1 + at as u32 % 2);
            digit / 10 + digit % 10
        })
        .sum();
    sum.is_multiple_of(10) && digits.iter().any(|digit| *digit != 0)
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use super::*;

    #[test]
    fn cards_are_found_within_text() {
        for (text, cards) in [
            ("4111111111111111", &["4111111111111111"][..]),
            ("4012-8888-8888-1881", &["4012-8888-8888-1881"]),
            ("card 4012 8888 8888 1881, exp 12/30", &["4012 8888 8888 1881"]),
            ("3782 822463 10005", &["3782 822463 10005"]),
            ("\"5555555555554444\"", &["5555555555554444"]),
            ("4012888888881881 4012-8888-8888-1881", &["4012888888881881", "4012-8888-8888-1881"]),
            ("card=4012+8888+8888+1881", &["4012+8888+8888+1881"]),
            ("4111 1111\n1111 1111", &["4111 1111\n1111 1111"]),
            ("4222222222222", &["4222222222222"]),
            ("4111111111111112", &[]),
            ("9111111111111111", &[]),
            ("a4111111111111111", &[]),
            ("0.4111111111111111", &[]),
            ("41111111111111110000000", &[]),
            ("0000000000000000", &[]),
            ("1-2-3-4-5-6-7-8-9-0-1-2-3-4-5-6", &[]),
        ] {
            assert_eq!(found(find, text), cards, "{text}");
        }
    }
}
