//! Lookahead after a token.

/// Returns the first byte after `at` that is not white space.
pub(super) fn next_byte(bytes: &[u8], at: usize) -> Option<u8> {
    bytes[at..].iter().copied().find(|byte| !byte.is_ascii_whitespace())
}

/// Returns whether `=` or `:=` follows.
pub(super) fn is_assigned(bytes: &[u8], at: usize) -> bool {
    let rest = bytes[at..].trim_ascii_start();
    rest.starts_with(b"=") || rest.starts_with(b":=")
}

/// Returns whether a setting and its `=` follow, after at most one word such as `GLOBAL`.
pub(super) fn begins_assignment(bytes: &[u8], at: usize) -> bool {
    let mut rest = bytes[at..].trim_ascii_start();
    for _ in 0..2 {
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_$.@`\"?".contains(byte) || *byte >= 0x80;
        let length = rest.iter().position(|byte| !is_name(byte)).unwrap_or(rest.len());
        if length == 0 {
            return false;
        }
        rest = rest[length..].trim_ascii_start();
        if rest.starts_with(b"=") || rest.starts_with(b":=") {
            return true;
        }
    }
    false
}

/// Returns whether `=` precedes the token at `at`.
pub(super) fn follows_equals(bytes: &[u8], at: usize) -> bool {
    bytes[..at].trim_ascii_end().ends_with(b"=")
}

/// Returns whether a name and its `=` follow.
pub(super) fn begins_single_assignment(bytes: &[u8], at: usize) -> bool {
    let rest = bytes[at..].trim_ascii_start();
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.`\"".contains(byte);
    let length = rest.iter().position(|byte| !is_name(byte)).unwrap_or(rest.len());
    length > 0 && is_assigned(rest, length)
}

/// Returns the next word.
pub(super) fn next_word(bytes: &[u8], at: usize) -> &[u8] {
    let rest = bytes[at..].trim_ascii_start();
    let length = rest.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_');
    &rest[..length.unwrap_or(rest.len())]
}
