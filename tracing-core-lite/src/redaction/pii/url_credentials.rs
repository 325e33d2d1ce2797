//! User names and passwords in URLs.

use std::ops::Range;

/// Calls `found` with the user information of each URL in `text` (RFC 3986, section 3.2.1).
pub(super) fn find(text: &str, found: &mut dyn FnMut(Range<usize>)) {
    for (slashes, separator) in text.match_indices("//") {
        let start = slashes + separator.len();
        let before = text[..slashes].strip_suffix(':');
        let has_scheme = before.is_some_and(|scheme| {
            let last = scheme.bytes().next_back();
            last.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        });
        // Without a scheme, a name alone is not a secret.
        let is_relative = before.is_none() && !text[..slashes].ends_with('/');
        let authority = &text[start
            ..start
                + text[start..]
                    .find(['/', '?', '#', ' ', '"', '\'', '<', '>', '\\', '\n'])
                    .unwrap_or(text.len() - start)];
        let authority =
            if authority.contains('@') { authority } else { unescaped(&text[start..], authority) };
        // A password can contain an unescaped `@`, so the last one counts.
        let is_url = |end: &usize| has_scheme || is_relative && authority[..*end].contains(':');
        if let Some(end) = authority.rfind('@').filter(|end| *end > 0 && is_url(end)) {
            let masked = authority[..end].split(':').all(|part| part == crate::redact::REDACTED);
            if !masked {
                found(start..start + end);
            }
        }
    }
}

/// Returns the authority of a URL whose password contains an unescaped `/`, `?` or `#`: what follows the colon is not a port.
fn unescaped<'t>(rest: &'t str, authority: &'t str) -> &'t str {
    let has_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    let is_cut = authority.split_once(':').is_some_and(|(user, cut)| !user.is_empty() && !has_port(cut));
    let end = rest.find([' ', '"', '\'', '<', '>', '\\', '\n']).unwrap_or(rest.len());
    match rest[..end].find('@') {
        Some(at) if is_cut && !authority.starts_with('[') => &rest[..=at],
        _ => authority,
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
            ("postgres://shop:p/a?ss@db:5432/orders", &["shop:p/a?ss"]),
            ("https://example.com:8080/users/@ann", &[]),
            ("https://[::1]:8080/users/@ann", &[]),
            ("//ann:pw@db/x", &["ann:pw"]),
            ("//ann@db/x", &[]),
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
