//! Social security and telephone numbers.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::pattern;

/// Three groups of three, two and four digits with the same kind of separator, as in `078-05-1123`.
const SOCIAL_SECURITY: &str = r"\d{3}[-. ]\d{2}[-. ]\d{4}";

/// A number with a country code, or with the groups of the United States, or a national number in groups.
const PHONE: &str =
    r"\+\d{1,3}(?:[ .-]?\(?\d{1,5}\)?){2,6}|\(\d{2,4}\) ?\d{3,4}[ .-]\d{3,4}|\d{3}[.-]\d{3,4}[.-]\d{4}";

/// Calls `found` with each social security number of the United States, and each taxpayer number of the same form. Numbers
/// without separators are not found: any nine digits look like one.
pub(super) fn find_social_security(text: &str, found: &mut dyn FnMut(Range<usize>)) {
    static REGEX: LazyLock<Option<Regex>> = LazyLock::new(|| pattern(SOCIAL_SECURITY));
    for range in alone(&REGEX, text) {
        let number = &text[range.clone()];
        let (area, group, serial) = (&number[..3], &number[4..6], &number[7..]);
        let same_separator = number.as_bytes()[3] == number.as_bytes()[6];
        // The Social Security Administration never assigns these. Areas from 900 on are taxpayer numbers.
        let taxpayer = matches!(group.parse(), Ok(50..=65 | 70..=88 | 90..=92 | 94..=99));
        let valid = area != "000"
            && area != "666"
            && group != "00"
            && serial != "0000"
            && (!area.starts_with('9') || taxpayer);
        if same_separator && valid {
            found(range);
        }
    }
}

/// Calls `found` with each telephone number that is written with a country code or in groups.
pub(super) fn find_phone(text: &str, found: &mut dyn FnMut(Range<usize>)) {
    static REGEX: LazyLock<Option<Regex>> = LazyLock::new(|| pattern(PHONE));
    for range in alone(&REGEX, text) {
        if (7..=15).contains(&text[range.clone()].bytes().filter(u8::is_ascii_digit).count()) {
            found(range);
        }
    }
}

/// Returns the matches that are not part of a longer number or word.
fn alone<'t>(
    regex: &'static LazyLock<Option<Regex>>,
    text: &'t str,
) -> impl Iterator<Item = Range<usize>> + 't {
    let bytes = text.as_bytes();
    let joins = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at))
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(byte))
    };
    let ends = move |end: usize| {
        bytes.get(end).is_some_and(|byte| byte.is_ascii_alphanumeric())
            || bytes.get(end).is_some_and(|byte| b"-.".contains(byte))
                && bytes.get(end + 1).is_some_and(u8::is_ascii_digit)
    };
    regex
        .iter()
        .flat_map(move |regex| regex.find_iter(text))
        .map(|found| found.range())
        .filter(move |range| !joins(range.start.checked_sub(1)) && !ends(range.end))
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use super::*;

    #[test]
    fn social_security_numbers_are_found_within_text() {
        for (text, numbers) in [
            ("078-05-1123", &["078-05-1123"][..]),
            ("ssn 078 05 1123.", &["078 05 1123"]),
            ("078.05.1123", &["078.05.1123"]),
            ("911-70-1234", &["911-70-1234"]),
            ("078-05.1123", &[]),
            ("000-05-1123", &[]),
            ("666-05-1123", &[]),
            ("078-00-1123", &[]),
            ("078-05-0000", &[]),
            ("911-89-1234", &[]),
            ("1078-05-1123", &[]),
            ("078-05-11234", &[]),
            ("a-078-05-1123", &[]),
        ] {
            assert_eq!(found(find_social_security, text), numbers, "{text}");
        }
    }

    #[test]
    fn telephone_numbers_are_found_within_text() {
        for (text, numbers) in [
            ("+44 20 7946 0958", &["+44 20 7946 0958"][..]),
            ("call (415) 555-0132 now", &["(415) 555-0132"]),
            ("090-1234-5678", &["090-1234-5678"]),
            ("+1-202-555-0143", &["+1-202-555-0143"]),
            ("1.2.3", &[]),
            ("2026-11-30", &[]),
            ("550e8400-e29b-41d4-a716-446655440000", &[]),
        ] {
            assert_eq!(found(find_phone, text), numbers, "{text}");
        }
    }
}
