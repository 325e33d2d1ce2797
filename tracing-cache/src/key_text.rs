//! What is recorded of a key.

use std::fmt::Write;

use tracing_core_lite::layer_support::StackText;

/// Longest key that is recorded, in bytes.
const LONGEST: usize = 256;

/// What `cache.key` says of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum KeyText {
    /// Nothing.
    Hidden,
    /// A hash of 16 hexadecimal digits (FNV-1a), the same in all processes: keys can be told apart, and not be read. It is
    /// no secret: whoever can guess a key can check the guess.
    #[default]
    Hashed,
    /// Its shape: of the parts between `:`, `/`, `.`, `-`, `_` and `|`, those with anything but letters, or with more than 20
    /// of them, become `?`. `price:4711` is recorded as `price:?`. Names that are words stay readable.
    Template,
    /// The key itself, at most 256 bytes: readable for everybody who sees the traces.
    Raw,
}

impl KeyText {
    /// Hands `visit` what is to be recorded of `key`, if anything is.
    pub(crate) fn visit(self, key: &str, visit: impl FnOnce(&str)) {
        let mut text = StackText::<LONGEST>::new();
        match self {
            Self::Hidden => return,
            Self::Hashed => {
                // Writing to the stack does not fail.
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

fn push_template(text: &mut StackText<LONGEST>, key: &str) {
    let is_separator = |character: char| matches!(character, ':' | '/' | '.' | '-' | '_' | '|');
    for piece in key.split_inclusive(is_separator) {
        let (part, separator) = match piece.char_indices().next_back() {
            Some((end, last)) if is_separator(last) => piece.split_at(end),
            _ => (piece, ""),
        };
        let is_word = part.len() <= 20 && part.bytes().all(|byte| byte.is_ascii_alphabetic());
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
