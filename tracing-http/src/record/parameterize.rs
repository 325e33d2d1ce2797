//! Replaces ids in paths, for span names without a route.

/// Replaces an id.
const ID: &str = "{id}";
/// Most segments that are kept.
const MOST_SEGMENTS: usize = 8;
/// Segments of at least this many bytes are tokens.
const TOKEN_LENGTH: usize = 24;

/// Replaces numbers, UUIDs, hexadecimal ids and long tokens in `path` with `{id}`, and ends it with `/*` after eight
/// segments. Other words stay, so a client can still create names by requesting arbitrary words.
pub(crate) fn parameterize(path: &str) -> String {
    let mut pattern = String::with_capacity(path.len());
    for (index, segment) in path.split('/').enumerate() {
        if index > 0 {
            pattern.push('/');
        }
        if index > MOST_SEGMENTS {
            pattern.push('*');
            break;
        }
        pattern.push_str(if is_id(segment) { ID } else { segment });
    }
    pattern
}

fn is_id(segment: &str) -> bool {
    let digits = segment.bytes().filter(u8::is_ascii_digit).count();
    let all = |test: fn(u8) -> bool| segment.bytes().all(test);
    segment.len() >= TOKEN_LENGTH
        || segment.contains(['%', '@'])
        // Numbers, dates, versions: 42, -7, 2026-11-23, 1.5, 10,20
        || (digits > 0 && all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b',' | b':' | b'_')))
        // 4bf92f35, 0xff00aa11; `facade` and `deadbeef` are words.
        || (segment.len() >= 6 && digits > 0 && all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b'-' | b'x')))
        // ord_8f3kz91q: several digits among letters
        || (segment.len() >= 8 && digits >= 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_replaced_and_words_stay() {
        for (path, expected) in [
            ("/", "/"),
            ("/orders", "/orders"),
            ("/orders/42", "/orders/{id}"),
            ("/orders/42/", "/orders/{id}/"),
            ("/v1/orders/-7/items", "/v1/orders/{id}/items"),
            ("/u/123e4567-e89b-12d3-a456-426614174000", "/u/{id}"),
            ("/commit/4bf92f3577", "/commit/{id}"),
            ("/facade/deadbeef", "/facade/deadbeef"),
            ("/o/ord_8f3kz91q", "/o/{id}"),
            ("/d/2026-11-23", "/d/{id}"),
            ("/u/ann@example.com", "/u/{id}"),
            ("/t/eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", "/t/{id}"),
            ("/a%20b", "/{id}"),
            ("/a/b/c/d/e/f/g/h/i/j", "/a/b/c/d/e/f/g/h/*"),
        ] {
            assert_eq!(parameterize(path), expected, "{path}");
        }
    }
}
