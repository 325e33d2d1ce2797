//! Translates regular expressions from Go's syntax, which the Collector uses, into Rust's.
//!
//! Both are derived from RE2. In Go, `\d`, `\w`, `\s` and `\b` are ASCII only, a `{` that begins no repetition is literal, as is
//! `[` in a class, and `\Q…\E` quotes text.

use std::fmt::Write;
use std::iter::Peekable;
use std::str::Chars;

/// Returns `pattern` in Rust's syntax. What is invalid in Go stays as it is, mostly invalid.
pub(super) fn to_rust(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut rest = pattern.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            '\\' => escape(&mut rest, &mut out),
            '[' => class(&mut rest, &mut out),
            '{' if !is_repetition(rest.clone()) => out.push_str(r"\{"),
            other => out.push(other),
        }
    }
    out
}

/// Returns whether `rest` continues as `n}`, `n,}` or `n,m}`.
fn is_repetition(rest: Peekable<Chars<'_>>) -> bool {
    let inside: String = rest.take_while(|next| *next != '}').take(16).collect();
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match inside.split_once(',') {
        None => is_number(&inside),
        Some((least, "")) => is_number(least),
        Some((least, most)) => is_number(least) && is_number(most),
    }
}

/// Returns the members of a class of Perl, and whether they are negated.
fn perl_class(name: char) -> Option<(&'static str, bool)> {
    let members = match name.to_ascii_lowercase() {
        'd' => "0-9",
        'w' => "0-9A-Za-z_",
        's' => r"\t\n\f\r ",
        _ => return None,
    };
    Some((members, name.is_ascii_uppercase()))
}

/// Translates what follows a backslash outside of a class.
fn escape(rest: &mut Peekable<Chars<'_>>, out: &mut String) {
    let Some(next) = rest.next() else { return out.push('\\') };
    let _ = match (next, perl_class(next)) {
        (_, Some((members, false))) => write!(out, "[{members}]"),
        (_, Some((members, true))) => write!(out, "[^{members}]"),
        ('b', _) => write!(out, r"(?-u:\b)"),
        ('Q', _) => write!(out, "{}", regex::escape(&quoted(rest))),
        // In Rust, these two are the start and the end of a word.
        ('<' | '>', _) => write!(out, "{next}"),
        ('0'..='7', _) => write!(out, r"\x{{{:x}}}", octal(next, rest)),
        _ => write!(out, r"\{next}"),
    };
}

/// Returns the text up to `\E` or the end.
fn quoted(rest: &mut Peekable<Chars<'_>>) -> String {
    let mut text = String::new();
    while let Some(next) = rest.next() {
        if next == '\\' && rest.next_if_eq(&'E').is_some() {
            break;
        }
        text.push(next);
    }
    text
}

/// Reads up to three octal digits.
fn octal(first: char, rest: &mut Peekable<Chars<'_>>) -> u32 {
    let mut value = first.to_digit(8).unwrap_or(0);
    for _ in 0..2 {
        let Some(digit) = rest.peek().and_then(|next| next.to_digit(8)) else { break };
        rest.next();
        value = value * 8 + digit;
    }
    value
}

/// Translates a class, whose opening bracket has been read.
fn class(rest: &mut Peekable<Chars<'_>>, out: &mut String) {
    out.push('[');
    if rest.next_if_eq(&'^').is_some() {
        out.push('^');
    }
    if rest.next_if_eq(&']').is_some() {
        out.push_str(r"\]");
    }
    // After one of Perl's classes, a hyphen is literal.
    let mut after_perl = false;
    while let Some(next) = rest.next() {
        let was_after_perl = std::mem::take(&mut after_perl);
        match next {
            ']' => return out.push(']'),
            '[' if rest.peek() == Some(&':') => {
                out.push('[');
                for next in rest.by_ref() {
                    out.push(next);
                    if next == ']' {
                        break;
                    }
                }
            }
            '[' | '&' | '~' => out.extend(['\\', next]),
            '-' if was_after_perl => out.push_str(r"\-"),
            '\\' => match rest.next() {
                Some(name) if perl_class(name).is_some() => {
                    after_perl = true;
                    let _ = match perl_class(name) {
                        Some((members, true)) => write!(out, "[^{members}]"),
                        Some((members, false)) => write!(out, "{members}"),
                        None => Ok(()),
                    };
                }
                Some(digit @ '0'..='7') => _ = write!(out, r"\x{{{:x}}}", octal(digit, rest)),
                Some(other) => out.extend(['\\', other]),
                None => out.push('\\'),
            },
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::to_rust;

    #[test]
    fn patterns_of_go_match_as_in_go() {
        for (pattern, matching, other) in [
            (r"^\d+$", "123", "\u{663}"),
            (r"^\w+$", "caf", "caf\u{e9}"),
            (r"^[\w-.]+$", "a-b.c", "caf\u{e9}"),
            (r"^\s$", "\t", "\u{a0}"),
            (r"^[^\s]$", "\u{a0}", " "),
            (r"^[\D]$", "\u{663}", "3"),
            (r"\bcaf\b", "caf\u{e9}", "cafe"),
            (r"^/orders/{id}$", "/orders/{id}", "/orders/id"),
            (r"^a{2,3}$", "aaa", "a"),
            (r"^a{,3}$", "a{,3}", "aa"),
            (r"^\Qa.b\E.$", "a.bc", "axbc"),
            (r"^[[a&&b~]+$", "[a&b~", "c"),
            (r"^[[:digit:]_]+$", "1_", "a"),
            (r"^[]x]$", "]", "y"),
            (r"^\101$", "A", "101"),
            (r"^\<a\>$", "<a>", "a"),
            (r"(?i)^HEALTH(z|check)?$", "healthz", "health-"),
        ] {
            let translated = to_rust(pattern);
            let regex =
                regex::Regex::new(&translated).unwrap_or_else(|error| panic!("{translated}: {error}"));
            assert!(regex.is_match(matching), "{pattern} as {translated} matches {matching}");
            assert!(!regex.is_match(other), "{pattern} as {translated} does not match {other}");
        }
        for invalid in ["(", "[", r"a\", "(?<n", "*"] {
            assert!(regex::Regex::new(&to_rust(invalid)).is_err(), "{invalid}");
        }
    }
}
