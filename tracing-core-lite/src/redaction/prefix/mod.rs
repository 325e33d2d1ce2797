//! Detectors that are anchored by a prefix. They are fast enough to check every exported byte.

mod patterns;
mod scan;

use self::patterns::{PATTERNS, Pattern, Tail};
use self::scan::Scanner;
use super::detector::Finding;

/// Returns whether encoded spans may contain a secret with a known prefix, or a denied key. Most batches need no other check.
pub(super) fn may_contain(encoded: &[u8]) -> bool {
    Scanner::shared().next(encoded, 0).is_some()
}

/// Appends the secrets in `text`.
pub(super) fn find(text: &str, findings: &mut Vec<Finding>) {
    Scanner::shared().each(text.as_bytes(), |hit| {
        let Some(pattern) = PATTERNS.get(hit.needle) else { return };
        if at_boundary(text.as_bytes(), hit.start, pattern)
            && let Some(range) = secret(text, hit.start, pattern)
        {
            findings.push(Finding { detector: pattern.detector, range });
        }
    });
}

/// Returns whether a token can start here: not in the middle of a word, unless percent-encoding ends in front of it.
fn at_boundary(text: &[u8], start: usize, pattern: &Pattern) -> bool {
    let Some(before) = start.checked_sub(1).map(|at| text[at]) else { return true };
    if !before.is_ascii_alphanumeric() || pattern.prefix.starts_with('-') {
        return true;
    }
    start >= 3 && text[start - 3] == b'%' && text[start - 2..start].iter().all(u8::is_ascii_hexdigit)
}

fn secret(text: &str, start: usize, pattern: &Pattern) -> Option<std::ops::Range<usize>> {
    let tail_start = start + pattern.prefix.len();
    let tail = &text.as_bytes()[tail_start..];
    let len = match pattern.tail {
        Tail::Word => run(tail, |byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)),
        Tail::UpperAlphanumeric => upper_run(&text.as_bytes()[start..tail_start], tail),
        Tail::Token => run(tail, |byte| byte.is_ascii_alphanumeric() || b"_-+/=.~%|:".contains(&byte)),
        Tail::Jwt => jwt_len(tail)?,
        Tail::Pem => pem_len(&text[tail_start..])?,
    };
    let digits = tail[..len].iter().filter(|byte| byte.is_ascii_digit()).count();
    if len < pattern.min || digits < pattern.digits {
        return None;
    }
    let first = if pattern.keeps_prefix { tail_start } else { start };
    Some(first..tail_start + len)
}

fn run(tail: &[u8], accepts: impl Fn(u8) -> bool) -> usize {
    tail.iter().position(|byte| !accepts(*byte)).unwrap_or(tail.len())
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

/// Returns the length of a JWT after the first characters of its header: two or three parts of base64url.
fn jwt_len(tail: &[u8]) -> Option<usize> {
    let part =
        |from: usize| run(&tail[from..], |byte| byte.is_ascii_alphanumeric() || b"_-/\\".contains(&byte));
    let header = part(0);
    if header < 10 || tail.get(header) != Some(&b'.') {
        return None;
    }
    let claims = part(header + 1);
    // Claims are a JSON object as well.
    if claims < 10 || !tail[header + 1..].starts_with(b"ey") && !tail[header + 1..].starts_with(b"ew") {
        return None;
    }
    let mut len = header + 1 + claims;
    if tail.get(len) == Some(&b'.') {
        len += 1;
        len += run(&tail[len..], |byte| byte.is_ascii_alphanumeric() || b"_-/\\=".contains(&byte));
    }
    Some(len)
}

/// Returns the length of a private key after `-----BEGIN `, up to the end of the block, or of the text if it was cut.
fn pem_len(tail: &str) -> Option<usize> {
    const END: &str = "-----END ";
    let label = &tail[..tail.find("-----").filter(|len| *len <= 40)?];
    if !label.to_ascii_uppercase().contains("PRIVATE KEY") {
        return None;
    }
    let Some(end) = tail.find(END) else { return Some(tail.len()) };
    let behind = &tail[end + END.len()..];
    Some(end + END.len() + behind.find("-----").map_or(behind.len(), |len| len + 5))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(text: &str) -> Vec<&str> {
        let mut findings = Vec::new();
        find(text, &mut findings);
        findings.into_iter().map(|finding| &text[finding.range]).collect()
    }

    #[test]
    fn credentials_are_found_wherever_they_stand() {
        for (text, secret) in [
            ("Authorization: Bearer mF_9.B5f-4.1JqM", "mF_9.B5f-4.1JqM"),
            ("BEARER MF_9.B5F-4.1JQM", "MF_9.B5F-4.1JQM"),
            ("x=Bearer%20mF_9.B5f-4.1JqM%22", "mF_9.B5f-4.1JqM%22"),
            ("\"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\"", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
            ("key AKIAIOSFODNN7EXAMPLE.", "AKIAIOSFODNN7EXAMPLE"),
            ("t%3D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", "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"),
        ] {
            assert_eq!(secrets(text), [secret], "{text}");
        }
    }

    #[test]
    fn words_that_only_resemble_a_secret_stay() {
        for text in [
            "Bearer token",
            "the bearer of news",
            "Basic auth",
            "basic+plan",
            "AKIA",
            "AKIAIOSFODNN7EXAMPLES",
            "Akiaiosfodnn7example",
            "eyJ",
            "monkeyJungle.eyeball",
            "-----BEGIN CERTIFICATE-----",
            "ghp_short",
            "tasks.hf_hub",
            "risk-assessment-of-the-first-quarter-of-the-year",
            "sk-learn",
            "squ_are",
            "SG.region",
        ] {
            assert_eq!(secrets(text), Vec::<&str>::new(), "{text}");
        }
    }
}
