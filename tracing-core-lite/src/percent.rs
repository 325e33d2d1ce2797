//! Percent-encoding (RFC 3986, section 2.1).

/// Returns whether two hexadecimal digits follow each `%`. `percent_encoding` decodes other `%` as themselves.
pub(crate) fn is_well_formed(text: &[u8]) -> bool {
    let is_digit = |at: usize| text.get(at).is_some_and(u8::is_ascii_hexdigit);
    text.iter().enumerate().all(|(at, byte)| *byte != b'%' || (is_digit(at + 1) && is_digit(at + 2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_percent_sign_needs_two_digits() {
        for (text, expected) in [
            ("", true),
            ("a%20b%c3%A4", true),
            ("%", false),
            ("%2", false),
            ("%zz", false),
            ("a%2g", false),
            ("%%20", false),
        ] {
            assert_eq!(is_well_formed(text.as_bytes()), expected, "{text}");
        }
    }
}
