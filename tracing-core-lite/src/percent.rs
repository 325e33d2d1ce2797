//! Percent-encoding (RFC 3986, section 2.1).

/// Decodes `%XX`; every other byte stands for itself. `None` for a `%` that no two hex digits follow.
pub(crate) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        rest = tail;
        decoded.push(match first {
            b'%' => {
                let [high, low, tail @ ..] = tail else { return None };
                rest = tail;
                (digit(*high)? << 4) | digit(*low)?
            }
            byte => *byte,
        });
    }
    Some(decoded)
}

/// As [`decode`], where the result is to be text.
pub(crate) fn decode_text(text: &str) -> Option<String> {
    String::from_utf8(decode(text.as_bytes())?).ok()
}

fn digit(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_escapes_decode() {
        for (text, decoded) in [
            ("", Some("")),
            ("a%20b", Some("a b")),
            ("%c3%A4", Some("ä")),
            ("+", Some("+")),
            ("%", None),
            ("%2", None),
            ("%zz", None),
            ("%ff", None),
        ] {
            assert_eq!(decode_text(text).as_deref(), decoded, "{text}");
        }
    }
}
