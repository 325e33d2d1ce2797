//! The ends of quoted text.

/// The end of text in quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    /// The position after it.
    pub(super) at: usize,
    /// Whether there is a closing quote. Without one, the quoted text extends to the end of the text.
    pub(super) closed: bool,
}

/// Returns the end of quoted text that begins at `start` and is closed by `close`, which may be doubled inside.
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

/// Returns the end of `$tag$…$tag$` at `start`, if there is such a quote.
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

/// Returns the end of Oracle's `q'[…]'`, whose quote is at `start`.
///
/// Any character except white space may replace the brackets.
pub(super) fn q_quoted(text: &str, start: usize) -> Option<usize> {
    let rest = text.get(start + 1..)?;
    let open = rest.chars().next().filter(|open| !open.is_whitespace())?;
    let close = match open {
        '[' => ']',
        '{' => '}',
        '(' => ')',
        '<' => '>',
        other => other,
    };
    let mut end = [0; 5];
    let length = close.encode_utf8(&mut end).len();
    end[length] = b'\'';
    let inside = &rest.as_bytes()[open.len_utf8()..];
    let found = inside.windows(length + 1).position(|window| window == &end[..=length]);
    Some(found.map_or(text.len(), |at| start + 1 + open.len_utf8() + at + length + 1))
}

/// Returns the end of an unquoted UUID at `start`, as in CQL.
pub(super) fn uuid(bytes: &[u8], start: usize) -> Option<usize> {
    const LENGTH: usize = 36;
    let uuid = bytes.get(start..start + LENGTH)?;
    let is_uuid = uuid.iter().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    });
    let goes_on = bytes.get(start + LENGTH).is_some_and(|byte| is_tag(*byte));
    (is_uuid && !goes_on).then_some(start + LENGTH)
}

/// Returns whether `byte` can be in the tag of a dollar quote: a letter of any script or a digit.
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
    fn q_quotes_end_at_the_bracket_that_closes_theirs() {
        for (text, expected) in [
            ("q'[it's]' x", Some(9)),
            ("q'{a}b}' x", Some(8)),
            ("q'!a'b!' x", Some(8)),
            ("q'éa'é' x", Some(9)),
            ("q'(a)", Some(5)),
            ("q' a' x", None),
            ("q'", None),
        ] {
            assert_eq!(q_quoted(text, 1), expected, "{text}");
        }
    }

    #[test]
    fn uuids_are_of_their_one_shape() {
        for (text, expected) in [
            ("123e4567-e89b-12d3-a456-426614174000", Some(36)),
            ("deadbeef-e89b-12d3-a456-426614174000,", Some(36)),
            ("deadbeef-e89b-12d3-a456-4266141740001", None),
            ("deadbeef-e89b-12d3-a456-42661417400", None),
            ("deadbeef - 1", None),
        ] {
            assert_eq!(uuid(text.as_bytes(), 0), expected, "{text}");
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
