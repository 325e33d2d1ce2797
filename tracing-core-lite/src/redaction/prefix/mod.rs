//! Detectors that are anchored by a prefix. They are fast enough to check every exported byte.

mod credentials;
mod patterns;
mod scan;
mod tails;

use self::patterns::{PATTERNS, Pattern};
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
            && let Some(range) = tails::secret(text.as_bytes(), hit.start, pattern)
        {
            findings.push(Finding { detector: pattern.detector, range });
        }
    });
}

/// Returns whether a token can start here: not in the middle of a word, unless an escape sequence ends in front of it.
fn at_boundary(text: &[u8], start: usize, pattern: &Pattern) -> bool {
    let before = &text[..start];
    before.last().is_none_or(|byte| !byte.is_ascii_alphanumeric())
        || pattern.prefix.starts_with('-')
        || ends_with_escape(before)
}

/// Returns whether `text` ends with percent-encoding (`%22`, `%2522`), an escape of JSON (`\n`, `\u0022`), or a sequence that
/// colours a terminal.
fn ends_with_escape(text: &[u8]) -> bool {
    let ends_with_hex = |mark: &[u8], digits: usize| {
        text.len().checked_sub(mark.len() + digits).is_some_and(|at| {
            text[at..].starts_with(mark) && text[at + mark.len()..].iter().all(u8::is_ascii_hexdigit)
        })
    };
    let ends_with_colour = || {
        let parameters =
            text.iter().rev().skip(1).take_while(|byte| byte.is_ascii_digit() || **byte == b';').count();
        text.ends_with(b"m") && text[..text.len() - 1 - parameters].ends_with(b"\x1b[")
    };
    matches!(text, [.., b'\\', b'n' | b'r' | b't' | b'b' | b'f'])
        || ends_with_hex(b"%", 2)
        || ends_with_hex(b"%25", 2)
        || ends_with_hex(b"\\u", 4)
        || ends_with_hex(b"\\x", 2)
        || ends_with_colour()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(text: &str) -> Vec<&str> {
        let mut findings = Vec::new();
        find(text, &mut findings);
        findings.sort_by_key(|finding| finding.range.start);
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
            ("a\\n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\\n", "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"),
            ("\\u0022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", "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"),
            ("%250A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", "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"),
            (
                "\x1b[1;31m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",
                "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",
            ),
        ] {
            assert_eq!(secrets(text), [secret], "{text}");
        }
    }

    #[test]
    fn denied_keys_are_noticed_however_they_are_separated() {
        for word in ["pass_word", "api_key", "access_key", "private_key", "connection_string"] {
            for separator in ["", "_", "-", ".", " "] {
                let key = format!("x.{}", word.replace('_', separator));
                assert!(may_contain(key.as_bytes()), "{key}");
                assert!(may_contain(key.to_uppercase().as_bytes()), "{key}");
            }
        }
    }

    #[test]
    fn words_that_only_resemble_a_secret_stay() {
        for text in [
            "Bearer token",
            "the bearer of news",
            "Bearer authentication is required",
            "Basic auth",
            "basic+plan",
            "Basic authentication",
            "AKIA",
            "AKIAIOSFODNN7EXAMPLES",
            "Akiaiosfodnn7example",
            "eyJ",
            "monkeyJungle.eyeball",
            "-----BEGIN CERTIFICATE-----",
            "-----BEGIN PUBLIC KEY-----",
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
