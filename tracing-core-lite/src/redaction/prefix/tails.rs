//! What follows a prefix: how far a secret extends, and whether it is one.

use std::ops::Range;

use super::credentials;
use super::patterns::{Pattern, Tail};

/// The longest label of a PEM block.
const MAX_LABEL: usize = 60;

/// Returns the secret whose prefix is at `start`, if what follows makes it one.
pub(super) fn secret(text: &[u8], start: usize, pattern: &Pattern) -> Option<Range<usize>> {
    let prefix_end = start + pattern.prefix.len();
    let tail = &text[prefix_end..];
    let (from, to) = match pattern.tail {
        Tail::Word => (0, folded_run(tail, |byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))),
        Tail::UpperAlphanumeric => (0, upper_run(&text[start..prefix_end], tail)),
        Tail::Token => (0, token_len(tail)),
        Tail::Jwt => (0, jwt_len(tail)?),
        Tail::Pem => (0, pem_len(tail)?),
        Tail::Credentials => credentials::find(pattern.detector, tail, token_len)?,
        Tail::Url => (0, run(tail, |byte| !byte.is_ascii_whitespace() && !b"\"'<>\\`".contains(&byte))),
        Tail::Rest => (0, tail.len()),
    };
    let digits = tail[from..to].iter().filter(|byte| byte.is_ascii_digit()).count();
    let first = if pattern.keeps_prefix { prefix_end + from } else { start };
    let is_short = to - from < pattern.min && pattern.tail != Tail::Credentials;
    (!is_short && digits >= pattern.digits).then_some(first..prefix_end + to)
}

fn token_len(tail: &[u8]) -> usize {
    folded_run(tail, |byte| byte.is_ascii_alphanumeric() || b"_-+/=.~%|:".contains(&byte))
}

fn run(tail: &[u8], accepts: impl Fn(u8) -> bool) -> usize {
    tail.iter().position(|byte| !accepts(*byte)).unwrap_or(tail.len())
}

/// The length of a run that may be folded into lines of at least 16 characters, as mail and some loggers do.
fn folded_run(tail: &[u8], accepts: impl Fn(u8) -> bool) -> usize {
    /// The minimum length of a line before and of what follows a line break.
    const LINE: usize = 16;
    let mut len = run(tail, &accepts);
    let mut line = len;
    while line >= LINE {
        let rest = &tail[len..];
        let Some(behind) = line_break(rest) else { break };
        let next = run(&rest[behind..], &accepts);
        let continued = &rest[behind..behind + next];
        // What follows may be another line of the log, which starts with a word.
        let is_end = behind + next == rest.len();
        let is_text = continued.iter().all(u8::is_ascii_alphabetic) && next < LINE;
        if next == 0 || is_text && !is_end || next < LINE && !is_end && rest[behind + next] == b' ' {
            break;
        }
        len += behind + next;
        line = next;
    }
    len
}

/// Returns the length of a line break at the start, as a character or an escape sequence, and of the spaces behind it.
fn line_break(text: &[u8]) -> Option<usize> {
    let breaks: [&[u8]; 6] = [b"\r\n", b"\n", b"\\r\\n", b"\\n", b"%0D%0A", b"%0A"];
    let len = breaks.into_iter().find(|it| text.starts_with(it))?.len();
    Some(len + run(&text[len..], |byte| byte == b' ' || byte == b'\t'))
}

/// The ids of access keys have one case throughout and an exact length, so that longer words are no tokens.
fn upper_run(prefix: &[u8], tail: &[u8]) -> usize {
    let lower = prefix.iter().any(u8::is_ascii_lowercase);
    if lower && prefix.iter().any(u8::is_ascii_uppercase) {
        return 0;
    }
    let len = run(tail, |byte| {
        byte.is_ascii_digit() || byte.is_ascii_alphabetic() && byte.is_ascii_lowercase() == lower
    });
    let ends = tail.get(len).is_none_or(|byte| !byte.is_ascii_alphanumeric());
    if ends && prefix.len() + len == 20 { len } else { 0 }
}

/// Returns the length of a JWT after the first characters of its header: three parts of base64url if it is signed (the second
/// may be missing, and the third too), and five if it is encrypted.
fn jwt_len(tail: &[u8]) -> Option<usize> {
    let part = |from: usize| {
        folded_run(&tail[from..], |byte| byte.is_ascii_alphanumeric() || b"_-/\\=".contains(&byte))
    };
    let header = part(0);
    if header < 10 || tail.get(header) != Some(&b'.') {
        return None;
    }
    let claims = part(header + 1);
    let mut parts = 2;
    let mut len = header + 1 + claims;
    let mut last = claims;
    while parts < 5 && tail.get(len) == Some(&b'.') {
        last = part(len + 1);
        len += 1 + last;
        parts += 1;
    }
    // Claims are a JSON object as well.
    let object = &tail[header + 1..(header + 3).min(tail.len())];
    let is_object = object.eq_ignore_ascii_case(b"ey") || object.eq_ignore_ascii_case(b"ew");
    let is_signed = claims >= 10 && is_object;
    let is_detached = claims == 0 && parts == 3 && last >= 20;
    (is_signed || is_detached || parts == 5).then_some(len)
}

/// Returns the length of a private key after `-----BEGIN`, up to the end of the block, or of the text if it was cut.
fn pem_len(tail: &[u8]) -> Option<usize> {
    let dashes = |text: &[u8]| text.windows(4).position(|four| four == b"----");
    let label = &tail[..dashes(&tail[..tail.len().min(MAX_LABEL)])?];
    let label = label.to_ascii_uppercase();
    let words = String::from_utf8_lossy(&label).replace("%20", " ").replace('+', " ");
    if !words.contains("PRIVATE KEY") {
        return None;
    }
    // In upper and lower case, and with `----` or `-----`.
    let is_end = |at: &usize| {
        let rest = &tail[*at..];
        let dashes = run(rest, |byte| byte == b'-' || byte == b' ');
        rest.starts_with(b"--")
            && rest[dashes..].get(..3).is_some_and(|word| word.eq_ignore_ascii_case(b"end"))
    };
    let Some(end) = (label.len() + 4..tail.len()).find(is_end) else { return Some(tail.len()) };
    let behind = end + run(&tail[end..], |byte| byte == b'-' || byte == b' ');
    let Some(last) = dashes(&tail[behind..]) else { return Some(tail.len()) };
    let closing = behind + last;
    Some(closing + run(&tail[closing..], |byte| byte == b'-'))
}

#[cfg(test)]
mod tests {
    use super::super::patterns::PATTERNS;
    use super::*;

    fn found<'t>(prefix: &str, text: &'t str) -> Option<&'t str> {
        let pattern = PATTERNS.iter().find(|pattern| pattern.prefix == prefix)?;
        secret(text.as_bytes(), text.find(prefix)?, pattern).map(|range| &text[range])
    }

    #[test]
    fn signed_detached_and_encrypted_tokens_are_found() {
        for (text, expected) in [
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2ln", true),
            ("eyJhbGciOiJub25lIn0.eyJzdWIiOiIxMjM0In0.", true),
            ("eyJhbGciOiJIUzI1NiJ9..SflKxwRJSMeKKF2QT4fwpMeJf36POk", true),
            ("eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4In0..48V1_ALb6US04U3b.5eym8TW_c8SuK0lt.XFBoMYUZodetZdvT", true),
            ("eyJhbGciOiJIUzI1NiJ9.something.else", false),
            ("eyJhbGciOiJIUzI1NiJ9", false),
        ] {
            assert_eq!(found("eyJ", text), expected.then_some(text), "{text}");
        }
        let folded = "eyJhbGciOiJIUzI1NiIsInR5cCI6\nIkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkw\nIiwibmFtZSI6IkpvaG4gRG9lIn0.c2ln";
        assert_eq!(found("eyJ", folded), Some(folded));
    }

    #[test]
    fn the_next_line_of_a_log_is_not_part_of_a_token() {
        let text = "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\nConnected to the server";
        assert_eq!(found("ghp_", text), Some("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"));
    }

    #[test]
    fn private_keys_end_with_their_block() {
        for (text, key) in [
            (
                "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY----- then",
                "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----",
            ),
            (
                "-----BEGIN%20RSA%20PRIVATE%20KEY-----MIIE-----END%20RSA%20PRIVATE%20KEY-----&a=b",
                "-----BEGIN%20RSA%20PRIVATE%20KEY-----MIIE-----END%20RSA%20PRIVATE%20KEY-----",
            ),
            ("-----BEGIN OPENSSH PRIVATE KEY-----b3Blbn", "-----BEGIN OPENSSH PRIVATE KEY-----b3Blbn"),
            (
                "-----BEGIN PRIVATE KEY-----MIIE-----end private key----- x",
                "-----BEGIN PRIVATE KEY-----MIIE-----end private key-----",
            ),
        ] {
            assert_eq!(found("-----BEGIN", text), Some(key), "{text}");
        }
        let ssh =
            "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nP2/56\n---- END SSH2 ENCRYPTED PRIVATE KEY ---- x";
        assert_eq!(found("---- BEGIN", ssh), ssh.strip_suffix(" x"));
    }
}
