//! Escapes characters that would break a line.

use std::borrow::Cow;
use std::fmt::{self, Write};

/// A writer that escapes characters that break a line or control a terminal.
pub(super) struct Escaped<'a> {
    out: &'a mut dyn Write,
    escape: fn(&mut dyn Write, char) -> fmt::Result,
}

impl<'a> Escaped<'a> {
    /// Escapes as Rust does: `\n`, `\u{1b}`.
    pub(super) fn text(out: &'a mut dyn Write) -> Self {
        Self { out, escape: |out, c| write!(out, "{}", c.escape_default()) }
    }

    /// Escapes in serialized JSON. serde_json does not escape some control characters, for example DEL and U+009B.
    pub(super) fn json(out: &'a mut dyn Write) -> Self {
        Self { out, escape: |out, c| write!(out, "\\u{:04x}", u32::from(c)) }
    }
}

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.find(is_unprintable) {
            let (plain, from) = rest.split_at(at);
            self.out.write_str(plain)?;
            let mut chars = from.chars();
            if let Some(unprintable) = chars.next() {
                (self.escape)(self.out, unprintable)?;
            }
            rest = chars.as_str();
        }
        self.out.write_str(rest)
    }
}

/// Returns whether `c` is a control character, breaks lines, or changes the direction of text.
fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Writes a value, in quotes if its end would be unclear without them.
pub(super) fn write_value(out: &mut dyn Write, value: &str) -> fmt::Result {
    let plain =
        !value.is_empty() && !value.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '=' | '\\'));
    if plain {
        return Escaped::text(out).write_str(value);
    }
    out.write_char('"')?;
    for (i, part) in value.split(['"', '\\']).enumerate() {
        if i > 0 {
            // The separator is the byte before this part.
            let end = part.as_ptr() as usize - value.as_ptr() as usize;
            write!(out, "\\{}", char::from(value.as_bytes()[end - 1]))?;
        }
        Escaped::text(out).write_str(part)?;
    }
    out.write_char('"')
}

/// Removes the sequences that set colours (`ESC [ … m`). The `fmt` layer formats the fields of spans with them.
pub(super) fn without_colours(text: &str) -> Cow<'_, str> {
    if !text.contains("\u{1b}[") {
        return Cow::Borrowed(text);
    }
    let mut parts = text.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let parameters = part.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b';').count();
        match part[parameters..].strip_prefix('m') {
            Some(rest) => plain.push_str(rest),
            None => {
                plain.push_str("\u{1b}[");
                plain.push_str(part);
            }
        }
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(value: &str) -> String {
        let mut out = String::new();
        write_value(&mut out, value).unwrap();
        out
    }

    #[test]
    fn values_with_an_unclear_end_are_quoted() {
        for (given, written) in [
            ("plain", "plain"),
            ("żółw", "żółw"),
            ("", "\"\""),
            ("a b", "\"a b\""),
            ("a=b", "\"a=b\""),
            ("say \"hi\\\"", "\"say \\\"hi\\\\\\\"\""),
            ("\"", "\"\\\"\""),
            ("two\nlines", "\"two\\nlines\""),
            ("\u{1b}[31m", "\\u{1b}[31m"),
            ("\u{202e}x", "\\u{202e}x"),
        ] {
            assert_eq!(value(given), written, "{given:?}");
        }
    }

    #[test]
    fn only_colours_are_removed() {
        for (given, left) in [
            ("a=1", "a=1"),
            ("\u{1b}[3ma\u{1b}[0m\u{1b}[2m=\u{1b}[0m1", "a=1"),
            ("\u{1b}[1;31mred\u{1b}[m", "red"),
            ("\u{1b}[2J", "\u{1b}[2J"),
            ("\u{1b}[", "\u{1b}["),
        ] {
            assert_eq!(without_colours(given), left);
        }
    }
}
