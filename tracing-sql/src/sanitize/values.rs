//! Skips repeated values without reading them token by token.
//!
//! This makes batches of many rows fast.

/// Returns the end of `, value, value` after `at`, or `at`. The last of the values is followed by a comma or a closing
/// parenthesis.
pub(super) fn skip_values(bytes: &[u8], at: usize) -> usize {
    let mut end = at;
    while let Some(next) = separated(bytes, end).and_then(|start| value(bytes, start))
        && matches!(bytes.get(skip_space(bytes, next)), Some(b',' | b')'))
    {
        end = next;
    }
    end
}

/// Returns the end of `, (value, …), (value, …)` after `at`, or `at`.
pub(super) fn skip_rows(bytes: &[u8], at: usize) -> usize {
    let mut end = at;
    while let Some(next) = separated(bytes, end).and_then(|start| row(bytes, start)) {
        end = next;
    }
    end
}

/// Returns the end of a comma and the white space around it.
fn separated(bytes: &[u8], at: usize) -> Option<usize> {
    let comma = skip_space(bytes, at);
    (bytes.get(comma) == Some(&b',')).then(|| skip_space(bytes, comma + 1))
}

fn row(bytes: &[u8], start: usize) -> Option<usize> {
    if bytes.get(start) != Some(&b'(') {
        return None;
    }
    let first = value(bytes, skip_space(bytes, start + 1))?;
    let end = skip_space(bytes, skip_values(bytes, first));
    (bytes.get(end) == Some(&b')')).then_some(end + 1)
}

fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// Returns the end of a value that all dialects read in the same way: a number, a string without quotes or backslashes
/// inside, `?`, `$1`.
fn value(bytes: &[u8], start: usize) -> Option<usize> {
    let end = match *bytes.get(start)? {
        b'\'' => {
            let mut at = start + 1;
            loop {
                match *bytes.get(at)? {
                    b'\'' => break at + 1,
                    b'\\' | 0 => return None,
                    _ => at += 1,
                }
            }
        }
        b'?' => start + 1,
        b'$' | b'0'..=b'9' => {
            let mut at = start + 1;
            while matches!(bytes.get(at), Some(b'0'..=b'9')) {
                at += 1;
            }
            at
        }
        _ => return None,
    };
    // If it continues, it is another kind of value: `'it''s'`, `1e5`, `$1::int`.
    matches!(bytes.get(end), Some(b' ' | b'\t' | b'\n' | b'\r' | b',' | b')')).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_skipped_up_to_the_first_that_is_not_simple() {
        for (text, expected) in [
            (", 2, 'b', ?, $4)", ", 2, 'b', ?, $4"),
            (",2,3", ",2"),
            (" , 2 , 3 + 4)", " , 2"),
            (", 2, 'it''s')", ", 2"),
            (", 1e5)", ""),
            (", a)", ""),
            (")", ""),
            ("", ""),
        ] {
            assert_eq!(&text[..skip_values(text.as_bytes(), 0)], expected, "{text}");
        }
    }

    #[test]
    fn rows_are_skipped_up_to_the_first_that_is_not_simple() {
        for (text, expected) in [
            (", (1, 'a'),( ? ,$2 ) RETURNING id", ", (1, 'a'),( ? ,$2 )"),
            (", (1), (now())", ", (1)"),
            (", (1), ((2))", ", (1)"),
            (", (1), (2", ", (1)"),
            (", ()", ""),
            (" ON CONFLICT", ""),
        ] {
            assert_eq!(&text[..skip_rows(text.as_bytes(), 0)], expected, "{text}");
        }
    }
}
