//! Detects ids in the names of spans.

/// Returns whether a name contains an id, such as a number of several digits, a UUID or a long hex string.
pub(crate) fn has_id(name: &str) -> bool {
    name.split(|it: char| !it.is_ascii_alphanumeric() && it != '-').any(is_id)
        || name.split(|it: char| !it.is_ascii_alphanumeric()).any(is_id)
}

fn is_id(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let is_number = digits == word.len() && digits >= 3 && !is_status(word);
    let is_hex = word.len() >= 12 && digits >= 3 && word.bytes().all(|it| it.is_ascii_hexdigit());
    let is_uuid = word.len() == 36 && word.bytes().all(|it| it.is_ascii_hexdigit() || it == b'-');
    is_number || is_hex || is_uuid
}

/// Status codes and years are not ids.
fn is_status(word: &str) -> bool {
    matches!(word.parse(), Ok(100u32..=599))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_told_from_words() {
        for (name, expected) in [
            ("GET /api/users/12345", true),
            ("GET /api/users/:id", false),
            ("GET /orders/{id}", false),
            ("handle_request_12345", true),
            ("order 0b9f2c4e-4a0e-4b6a-9c3a-1f2e3d4c5b6a", true),
            ("load 4bf92f3577b34da6", true),
            ("SELECT shop.orders", false),
            ("HTTP 200", false),
            ("v2 lookup", false),
        ] {
            assert_eq!(has_id(name), expected, "{name}");
        }
    }
}
