//! Where something in quotes ends.

/// The end of something in quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    /// Just behind it.
    pub(super) at: usize,
    /// Whether there is a closing quote; else it reaches to the end of the text.
    pub(super) closed: bool,
}

/// The end of what begins with a quote at `start` and is closed by `close`, which may be doubled inside.
pub(super) fn end(bytes: &[u8], start: usize, close: u8, backslashes: bool) -> End {
    let mut at = start + 1;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        if byte == close {
            if bytes.get(at) != Some(&close) {
                return End { at, closed: true };
            }
            at += 1;
        } else if byte == b'\\' && backslashes {
            at += 1;
        }
    }
    End { at: bytes.len(), closed: false }
}

/// The end of `$tag$…$tag$` that begins at `start`, if something like it does.
pub(super) fn dollar_quoted(bytes: &[u8], start: usize) -> Option<usize> {
    let rest = bytes.get(start + 1..)?;
    let tag = rest.iter().position(|byte| !is_tag(*byte))?;
    if rest[tag] != b'$' || rest.first().is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let quote = &bytes[start..start + tag + 2];
    let mut at = start + quote.len();
    while let Some(next) = bytes[at..].iter().position(|byte| *byte == b'$') {
        at += next;
        if bytes[at..].starts_with(quote) {
            return Some(at + quote.len());
        }
        at += 1;
    }
    Some(bytes.len())
}

/// Whether `byte` can be in the tag of a dollar quote: letters of every script, digits.
pub(super) fn is_tag(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_end_at_their_closing_one() {
        for (text, backslashes, at, closed) in [
            ("'a' b", false, 3, true),
            ("'a''b' c", false, 6, true),
            (r"'a\' b", false, 4, true),
            (r"'a\' b' c", true, 7, true),
            (r"'a\", true, 4, false),
            ("'", false, 1, false),
            ("'a''", false, 4, false),
        ] {
            assert_eq!(
                end(text.as_bytes(), 0, b'\'', backslashes),
                End { at: at.min(text.len()), closed },
                "{text}"
            );
        }
    }

    #[test]
    fn dollar_quotes_end_at_their_own_tag() {
        for (text, expected) in [
            ("$$a$$ b", Some(5)),
            ("$t$a$$b$t$ c", Some(10)),
            ("$t$a", Some(4)),
            ("$1$a$1$", None),
            ("$1", None),
            ("$t a", None),
            ("$", None),
        ] {
            assert_eq!(dollar_quoted(text.as_bytes(), 0), expected, "{text}");
        }
    }
}
