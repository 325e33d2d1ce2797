//! How much of a key is recorded.

use std::fmt::Write;

use crate::layer_support::StackText;

/// The maximum length of a recorded key, in bytes. A longer one is cut.
const MAX_LEN: usize = 256;

/// The longest part of a key that [`KeyText::Template`] shows, in bytes.
const MAX_WORD: usize = 20;

/// How much of a key the attribute [`KEY`](super::attribute::KEY) shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum KeyText {
    /// Nothing: the attribute is not recorded.
    Hidden,
    /// A hash of 16 hexadecimal digits (FNV-1a), which is the same in every process. It distinguishes keys without showing
    /// them. It does not keep them secret, because a guessed key can be verified.
    #[default]
    Hashed,
    /// The shape of the key, such as `price:?` for `price:4711`. The key is split at `:`, `/`, `.`, `-`, `_` and `|`. A part
    /// becomes `?` if it contains anything but ASCII letters, or more than 20 of them. Words, including names, stay readable.
    Template,
    /// The key itself, up to 256 bytes. Everyone with access to the traces can read it.
    Raw,
}

impl KeyText {
    /// Calls `visit` with the recorded form of `key`, if there is one.
    pub(super) fn visit(self, key: &str, visit: impl FnOnce(&str)) {
        let mut text = StackText::<MAX_LEN>::new();
        match self {
            Self::Hidden => return,
            Self::Hashed => {
                // Writing to a `StackText` does not fail.
                let _written = write!(text, "{:016x}", fnv1a(key.as_bytes()));
            }
            Self::Template => push_template(&mut text, key),
            Self::Raw => {
                text.push(key);
            }
        }
        visit(text.as_str());
    }
}

/// Source: the FNV hash, <http://www.isthe.com/chongo/tech/comp/fnv/>.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

fn push_template(text: &mut StackText<MAX_LEN>, key: &str) {
    let is_separator = |character: char| matches!(character, ':' | '/' | '.' | '-' | '_' | '|');
    for piece in key.split_inclusive(is_separator) {
        let (part, separator) = match piece.char_indices().next_back() {
            Some((end, last)) if is_separator(last) => piece.split_at(end),
            _ => (piece, ""),
        };
        let is_word = part.len() <= MAX_WORD && part.bytes().all(|byte| byte.is_ascii_alphabetic());
        text.push(if is_word { part } else { "?" }).push(separator);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(policy: KeyText, key: &str) -> Option<String> {
        let mut text = None;
        policy.visit(key, |found| text = Some(found.to_owned()));
        text
    }

    #[test]
    fn texts() {
        let long = "k".repeat(300);
        for (policy, key, expected) in [
            (KeyText::Hidden, "a", None),
            (KeyText::Hashed, "", Some("cbf29ce484222325")),
            (KeyText::Hashed, "a", Some("af63dc4c8601ec8c")),
            (KeyText::Raw, "user:ann", Some("user:ann")),
            (KeyText::Raw, long.as_str(), Some(&long[..256])),
            (KeyText::Template, "price:4711", Some("price:?")),
            (KeyText::Template, "user:ann@example.com:cart", Some("user:?.com:cart")),
            (KeyText::Template, "session/0af7651916cd43dd/x", Some("session/?/x")),
            (KeyText::Template, long.as_str(), Some("?")),
            (KeyText::Template, "::a", Some("::a")),
            (KeyText::Template, "größe", Some("?")),
        ] {
            assert_eq!(text(policy, key).as_deref(), expected, "{policy:?} {key}");
        }
    }
}
