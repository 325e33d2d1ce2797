//! The credentials of an HTTP scheme, as in `Authorization: Bearer …`.

use crate::redact::REDACTED;
use crate::redaction::detector::Detector;

/// The longest run of spaces and punctuation between the scheme and its credentials.
const MAX_GAP: usize = 24;

/// What may stand between a scheme and its credentials, besides single characters.
const GAPS: &[&str] = &["%20", "%09", "%22", "%27", "%3a", "%3d", "%2b", "\\n", "\\t", "\\r", "\\\"", "\\'"];

/// Words that follow a scheme in ordinary text.
const ORDINARY: &[&str] = &[
    "access",
    "and",
    "assertion",
    "auth",
    "authentication",
    "authenticated",
    "authorization",
    "bonds",
    "certificate",
    "challenge",
    "credential",
    "credentials",
    "error",
    "expired",
    "expected",
    "format",
    "header",
    "http",
    "instrument",
    "instruments",
    "invalid",
    "malformed",
    "missing",
    "null",
    "oauth",
    "prefix",
    "realm",
    "required",
    "resource",
    "rfc",
    "scheme",
    "scope",
    "securities",
    "security",
    "shares",
    "strategy",
    "token",
    "tokens",
    "undefined",
    "without",
];

/// Returns where the credentials are in `tail`, which follows the name of the scheme: the start and the end.
pub(super) fn find(detector: Detector, tail: &[u8], token_len: fn(&[u8]) -> usize) -> Option<(usize, usize)> {
    let start = gap_len(tail);
    if start == 0 {
        return None;
    }
    let credentials = &tail[start..];
    let len = token_len(credentials);
    let token = &credentials[..len];
    // A parameter of a challenge, as in `WWW-Authenticate: Bearer realm="shop"`.
    let is_parameter = credentials.get(len) == Some(&b'"')
        && token
            .strip_suffix(b"=")
            .is_some_and(|name| name.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'_'));
    let is_secret = match detector {
        Detector::Basic => is_basic(token),
        _ => is_bearer(token),
    };
    (is_secret && !is_parameter && token != REDACTED.as_bytes()).then_some((start, start + len))
}

/// Returns the length of the spaces and punctuation at the start.
fn gap_len(tail: &[u8]) -> usize {
    let mut len = 0;
    while len < MAX_GAP {
        let rest = &tail[len..];
        let escaped =
            |gap: &&&str| rest.len() >= gap.len() && rest[..gap.len()].eq_ignore_ascii_case(gap.as_bytes());
        match GAPS.iter().find(escaped) {
            Some(gap) => len += gap.len(),
            None if rest.first().is_some_and(|byte| b" \t\r\n\"':=+".contains(byte)) => len += 1,
            None => break,
        }
    }
    len
}

/// Opaque text of at least six characters with a digit, or of at least eight that is not a word of ordinary text.
fn is_bearer(token: &[u8]) -> bool {
    let digits = token.iter().filter(|byte| byte.is_ascii_digit()).count();
    let first_len = token.iter().position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(token.len());
    let first = token[..first_len].to_ascii_lowercase();
    let ordinary = ORDINARY.iter().any(|word| word.as_bytes() == first);
    if digits == 0 {
        token.len() >= 8 && !ordinary
    } else {
        token.len() >= 6 && !(ordinary && token.len() < 10)
    }
}

/// Base64 of a user name and a password. In upper case it no longer decodes, so text that is no sequence of words counts too.
fn is_basic(token: &[u8]) -> bool {
    let token = token.split(|byte| *byte == b'%').next().unwrap_or(token);
    if decodes_to_user_and_password(token) {
        return true;
    }
    token.len() >= 8 && !token.split(|byte| !byte.is_ascii_alphanumeric()).all(is_word)
}

/// Letters in one case or capitalized, or a short number.
fn is_word(part: &[u8]) -> bool {
    let rest = part.get(1..).unwrap_or_default();
    let lower = rest.iter().all(u8::is_ascii_lowercase);
    let upper = part.iter().all(u8::is_ascii_uppercase);
    let number = part.len() <= 4 && part.iter().all(u8::is_ascii_digit);
    part.len() <= 24 && (lower && part.first().is_none_or(u8::is_ascii_alphabetic) || upper || number)
}

/// Returns whether base64 text decodes to UTF-8 with a colon and without control characters.
fn decodes_to_user_and_password(text: &[u8]) -> bool {
    let mut decoded = Vec::with_capacity(text.len());
    let (mut bits, mut buffer) = (0, 0_u32);
    for byte in text.iter().take_while(|byte| **byte != b'=') {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return false,
        };
        buffer = buffer << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            decoded.push((buffer >> bits) as u8);
        }
    }
    decoded.len() >= 3
        && decoded.contains(&b':')
        && std::str::from_utf8(&decoded).is_ok_and(|text| !text.contains(char::is_control))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(detector: Detector, tail: &str) -> Option<&str> {
        let len = |tail: &[u8]| tail.iter().position(|byte| b" \"'".contains(byte)).unwrap_or(tail.len());
        find(detector, tail.as_bytes(), len).map(|(start, end)| &tail[start..end])
    }

    #[test]
    fn credentials_follow_spaces_and_punctuation() {
        for (tail, token) in [
            (" abc123", "abc123"),
            ("  abc-defgh", "abc-defgh"),
            ("\tabc12345", "abc12345"),
            ("\r\n abc12345", "abc12345"),
            ("%20abc12345", "abc12345"),
            (": \"abc12345\"", "abc12345"),
            (" mysecretvalue", "mysecretvalue"),
            ("=abc12345", "abc12345"),
        ] {
            assert_eq!(found(Detector::Bearer, tail), Some(token), "{tail}");
        }
        for (tail, token) in [
            (" YTpi", "YTpi"),
            (" QWxhZGRpbjpvcGVu", "QWxhZGRpbjpvcGVu"),
            (" QWXHZGRPBJPVCGVU2", "QWXHZGRPBJPVCGVU2"),
        ] {
            assert_eq!(found(Detector::Basic, tail), Some(token), "{tail}");
        }
    }

    #[test]
    fn ordinary_words_are_no_credentials() {
        for tail in [
            " authentication failed",
            " token-based",
            " realm=\"shop\"",
            " error=\"invalid_token\"",
            "Token abc12345",
            " of",
            " REDACTED",
            "-only",
        ] {
            assert_eq!(found(Detector::Bearer, tail), None, "{tail}");
        }
        for tail in
            [" authentication", " Membership", " plan 2024", " CONFIGURATION", " health-check", " tier-1"]
        {
            assert_eq!(found(Detector::Basic, tail), None, "{tail}");
        }
    }
}
