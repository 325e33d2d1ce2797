//! User names and passwords in URLs.

use std::ops::Range;

/// Calls `found` with the user information of each URL in `text` (RFC 3986, section 3.2.1).
pub(super) fn find(text: &str, found: &mut dyn FnMut(Range<usize>)) {
    for (scheme, separator) in text.match_indices("://") {
        let start = scheme + separator.len();
        let has_scheme = text[..scheme]
            .bytes()
            .next_back()
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        let authority = &text[start
            ..start
                + text[start..]
                    .find(['/', '?', '#', ' ', '"', '\'', '<', '>', '\\', '\n'])
                    .unwrap_or(text.len() - start)];
        // A password can contain an unescaped `@`, so the last one counts.
        if let Some(end) = authority.rfind('@').filter(|end| has_scheme && *end > 0) {
            let masked = authority[..end].split(':').all(|part| part == crate::redact::REDACTED);
            if !masked {
                found(start..start + end);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use super::*;

    #[test]
    fn credentials_are_found_within_text() {
        for (text, credentials) in [
            ("https://ann:pw@example.com/a", &["ann:pw"][..]),
            ("connect postgres://shop:p@ss@db:5432/orders failed", &["shop:p@ss"]),
            ("redis://:secret@cache", &[":secret"]),
            ("https://token@example.com", &["token"]),
            ("a https://a:b@x and http://c:d@y", &["a:b", "c:d"]),
            ("https://REDACTED:REDACTED@example.com", &[]),
            ("https://example.com/users/@ann", &[]),
            ("https://example.com?to=a@b.example", &[]),
            ("://a:b@c", &[]),
            ("https://@example.com", &[]),
        ] {
            assert_eq!(found(find, text), credentials, "{text}");
        }
    }
}
