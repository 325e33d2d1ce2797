//! The ends of comments, and the decision whether they can be shown.

use super::dialect::Dialect;

/// Returns the end of the comment at `start` that lasts to the end of the line.
pub(super) fn line_end(bytes: &[u8], start: usize, dialect: Dialect) -> Option<usize> {
    let rest = &bytes[start..];
    let begins = match dialect {
        // Without white space after it, `--` is two minus signs.
        Dialect::MySql => {
            rest.starts_with(b"#")
                || (rest.starts_with(b"--") && rest.get(2).is_none_or(|byte| *byte <= b' ' || *byte == 0x7f))
        }
        _ => rest.starts_with(b"--"),
    };
    let ends = |byte: &u8| *byte == b'\n' || (*byte == b'\r' && dialect == Dialect::PostgreSql);
    begins.then(|| rest.iter().position(ends).map_or(bytes.len(), |length| start + length))
}

/// Returns the end of the comment at `start` that begins with `/*`.
///
/// MySQL and MariaDB execute the content of `/*!` and `/*M!`, so those are not comments.
pub(super) fn block_end(bytes: &[u8], start: usize, dialect: Dialect) -> Option<usize> {
    let rest = &bytes[start..];
    if !rest.starts_with(b"/*") {
        return None;
    }
    if dialect == Dialect::MySql && (rest[2..].starts_with(b"!") || rest[2..].starts_with(b"M!")) {
        return None;
    }
    let mut depth = 1_usize;
    let mut at = start + 2;
    while let Some(pair) = bytes.get(at..at + 2) {
        match pair {
            b"*/" => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return Some(at);
                }
            }
            b"/*" if dialect.has_nested_comments() => {
                depth += 1;
                at += 2;
            }
            _ => at += 1,
        }
    }
    Some(bytes.len())
}

/// Returns whether a comment consists only of words, so that it contains neither a literal nor an id of a request.
pub(super) fn is_words(comment: &[u8]) -> bool {
    comment
        .iter()
        .all(|byte| byte.is_ascii_alphabetic() || byte.is_ascii_whitespace() || b"_-*/.,;!()".contains(byte))
}
