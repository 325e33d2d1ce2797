//! Words that precede a secret.

/// Returns whether the value of an option with this name is a secret.
pub(super) fn names_secret(word: &[u8]) -> bool {
    const PARTS: [&[u8]; 7] =
        [b"PASSW", b"PASSPHRASE", b"PWD", b"SECRET", b"TOKEN", b"CREDENTIAL", b"PRIVATE"];
    const ENDS: [&[u8]; 4] = [b"KEY", b"KEY_ID", b"KEYID", b"KEY_SOURCE"];
    PARTS.iter().any(|part| contains(word, part)) || ENDS.iter().any(|end| ends_with(word, end))
}

/// Returns whether a secret may follow this word without `=`.
pub(super) fn introduces_password(word: &[u8]) -> bool {
    const WORDS: [&[u8]; 9] = [
        b"PASSWORD",
        b"PASSWD",
        b"PASSPHRASE",
        b"PWD",
        b"OLD_PASSWORD",
        b"MEDIAPASSWORD",
        b"SALT",
        b"SESSION_TOKEN",
        b"SYMMETRIC_KEY",
    ];
    const ENDS: [&[u8]; 3] = [b"ACCESS_KEY", b"ACCESS_KEY_ID", b"_SYMMETRIC_KEY"];
    WORDS.iter().any(|known| word.eq_ignore_ascii_case(known)) || ENDS.iter().any(|end| ends_with(word, end))
}

/// Returns whether a secret may follow this word without `=` in a list of options.
pub(super) fn introduces_secret(word: &[u8]) -> bool {
    const WORDS: [&[u8]; 4] = [b"SECRET", b"TOKEN", b"KEY_ID", b"API_KEY"];
    const ENDS: [&[u8]; 3] = [b"_SECRET", b"_TOKEN", b"ACCESS_KEY"];
    WORDS.iter().any(|known| word.eq_ignore_ascii_case(known)) || ENDS.iter().any(|end| ends_with(word, end))
}

fn contains(word: &[u8], part: &[u8]) -> bool {
    word.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part))
}

fn ends_with(word: &[u8], end: &[u8]) -> bool {
    word.len().checked_sub(end.len()).is_some_and(|at| word[at..].eq_ignore_ascii_case(end))
}
