//! Turns URL paths and names with identifiers into templates.
//!
//! A path such as `/api/users/12345` becomes `/api/users/{id}`. The rules look at one segment at a time:
//!
//! | segment | becomes |
//! |---|---|
//! | digits only, or a number with a sign or a decimal point | `{id}` |
//! | a UUID, with or without hyphens or braces | `{uuid}` |
//! | a date (`2026-11-30`, `20261130`, `2026-11-30T10:20:30Z`) | `{date}` |
//! | at least eight hexadecimal digits, with a digit and a letter among them | `{hash}` |
//! | an e-mail address, also percent-encoded | `{email}` |
//! | an IPv4 or IPv6 address | `{ip}` |
//! | base64 or another random-looking token of at least 16 characters | `{token}` |
//! | a word with a number of at least three digits behind `-`, `_`, `:` or `.` | the word and `{id}` |
//!
//! Words, versions (`v1`, `2.0`) and short mixtures such as `s3` stay.

use std::borrow::Cow;

/// Returns `path` with a placeholder in place of each segment that looks like an identifier. A query and a fragment are cut
/// off. A path without identifiers is returned without an allocation.
///
/// ```
/// use tracing_core_lite::naming::template_path;
///
/// assert_eq!(template_path("/api/users/12345"), "/api/users/{id}");
/// assert_eq!(template_path("/v1/orders"), "/v1/orders");
/// ```
#[must_use]
pub fn template_path(path: &str) -> Cow<'_, str> {
    let path = &path[..path.find(['?', '#']).unwrap_or(path.len())];
    if path.split('/').all(|segment| placeholder(segment).is_none()) {
        return Cow::Borrowed(path);
    }
    let mut templated = String::with_capacity(path.len());
    for (number, segment) in path.split('/').enumerate() {
        if number > 0 {
            templated.push('/');
        }
        match placeholder(segment) {
            Some((kept, name)) => {
                templated.push_str(kept);
                templated.push_str(name);
            }
            None => templated.push_str(segment),
        }
    }
    Cow::Owned(templated)
}

/// Returns a span's name with a placeholder in place of each identifier, as [`template_path`] does for each word.
///
/// ```
/// use tracing_core_lite::naming::template_name;
///
/// assert_eq!(template_name("GET /api/users/12345"), "GET /api/users/{id}");
/// ```
#[must_use]
pub fn template_name(name: &str) -> Cow<'_, str> {
    if name
        .split(' ')
        .all(|word| matches!(template_path(word), Cow::Borrowed(path) if path.len() == word.len()))
    {
        return Cow::Borrowed(name);
    }
    Cow::Owned(name.split(' ').map(template_path).collect::<Vec<_>>().join(" "))
}

/// Returns what a segment becomes: the part in front that stays, and the placeholder. `None` if it stays as it is.
pub(super) fn placeholder(segment: &str) -> Option<(&str, &'static str)> {
    // Routes already have their own placeholders.
    if segment.is_empty() || segment.starts_with(['{', ':', '[', '*', '<']) && !is_uuid(segment) {
        return None;
    }
    if let Some(whole) = whole(segment) {
        return Some(("", whole));
    }
    // An identifier such as a UUID contains separators, so everything after the first separator is tried before the last part.
    let separators = ['-', '_', ':', '.', '='];
    let first = segment.find(separators)? + 1;
    let last = segment.rfind(separators)? + 1;
    for at in [first, last] {
        let (kept, part) = segment.split_at(at);
        match whole(part) {
            // Short numbers after a word are not identifiers, as in `page-2`.
            Some("{id}") if part.len() < 3 => {}
            Some(name) => return Some((kept, name)),
            None => {}
        }
    }
    None
}

/// Returns the placeholder for a segment that is an identifier as a whole.
fn whole(segment: &str) -> Option<&'static str> {
    let first = segment.bytes().next()?;
    if first.is_ascii_digit() || first == b'-' || first == b'+' {
        if is_date(segment) {
            return Some("{date}");
        }
        if is_number(segment) {
            return Some("{id}");
        }
    }
    if is_uuid(segment) {
        return Some("{uuid}");
    }
    if segment.parse::<std::net::IpAddr>().is_ok() {
        return Some("{ip}");
    }
    if is_hash(segment) {
        return Some("{hash}");
    }
    if is_email(segment) {
        return Some("{email}");
    }
    is_token(segment).then_some("{token}")
}

/// Digits, with a sign or one decimal point, unless it looks like a version (`2.0`).
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let version = digits.contains('.') && whole.len() <= 2 && fraction.len() <= 2;
    all(whole) && all(fraction) && !version
}

/// `2026-11-30`, `2026-11` or `20261130`, also with a time behind it.
fn is_date(text: &str) -> bool {
    let Some(head) = text.get(..4) else { return false };
    if !head.bytes().all(|byte| byte.is_ascii_digit()) || !(head.starts_with("19") || head.starts_with("20"))
    {
        return false;
    }
    let rest = &text[4..];
    let part = |text: &str, most: u8| {
        text.get(..2)
            .filter(|two| two.bytes().all(|byte| byte.is_ascii_digit()))?
            .parse()
            .ok()
            .filter(|part: &u8| (1..=most).contains(part))
    };
    let (separated, rest) = match rest.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    if part(rest, 12).is_none() {
        return false;
    }
    let rest = &rest[2..];
    if separated && rest.is_empty() {
        return true;
    }
    let rest = if separated { rest.strip_prefix('-') } else { Some(rest) };
    let Some(rest) = rest.filter(|rest| part(rest, 31).is_some()).map(|rest| &rest[2..]) else {
        return false;
    };
    rest.is_empty()
        || rest.starts_with(['T', 't', '_', '-', ' ', '%'])
            && rest[1..].bytes().all(|byte| byte.is_ascii_digit() || b":.-+ZzAa%".contains(&byte))
}

/// 8-4-4-4-12 hexadecimal digits, with or without the hyphens, braces or `urn:uuid:`.
fn is_uuid(text: &str) -> bool {
    let text = text.strip_prefix("urn:uuid:").unwrap_or(text);
    let text = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text);
    let hexadecimal = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    match text.len() {
        36 => {
            let lengths = [8, 4, 4, 4, 12];
            let mut parts = 0;
            let fits = text.split('-').all(|part| {
                parts += 1;
                lengths.get(parts - 1) == Some(&part.len()) && hexadecimal(part)
            });
            fits && parts == 5
        }
        32 => hexadecimal(text) && text.bytes().any(|byte| byte.is_ascii_digit()) && is_version_4_or_1(text),
        _ => false,
    }
}

/// Whether 32 hexadecimal digits have the version and variant of a UUID. Others are hashes or trace ids.
fn is_version_4_or_1(text: &str) -> bool {
    matches!(text.as_bytes()[12], b'1'..=b'8')
        && matches!(text.as_bytes()[16], b'8' | b'9' | b'a' | b'b' | b'A' | b'B')
}

/// At least eight hexadecimal digits with digits and letters among them.
fn is_hash(text: &str) -> bool {
    let text = text.strip_prefix("0x").or_else(|| text.strip_prefix("sha256:")).unwrap_or(text);
    text.len() >= 8
        && text.bytes().all(|byte| byte.is_ascii_hexdigit())
        && text.bytes().filter(u8::is_ascii_digit).count() >= 2
        && (text.bytes().any(|byte| byte.is_ascii_alphabetic()) || text.len() >= 16)
}

/// One `@` (or `%40`) between a local part and a domain with a dot.
fn is_email(text: &str) -> bool {
    let at = text.find('@').map(|at| (at, at + 1)).or_else(|| text.find("%40").map(|at| (at, at + 3)));
    at.is_some_and(|(at, domain)| {
        at > 0
            && text[domain..].find('.').is_some_and(|dot| dot > 0 && domain + dot + 1 < text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic() || !byte.is_ascii())
    })
}

/// Base64 or a similar token: at least 16 characters of that alphabet that do not read like words.
fn is_token(text: &str) -> bool {
    let body = text.trim_end_matches('=').trim_end_matches("%3D").trim_end_matches("%3d");
    if body.len() < 16 || !body.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_+.~".contains(&byte)) {
        return false;
    }
    let padded = body.len() < text.len();
    // Words joined by separators are names, however long. A token has long runs that mix digits and both cases.
    body.split(['-', '_', '+', '.', '~']).any(|run| looks_random(run, padded))
}

/// Whether a run of letters and digits mixes its classes like random text does.
fn looks_random(run: &str, padded: bool) -> bool {
    if run.len() < if padded { 6 } else { 10 } {
        return false;
    }
    let class = |byte: u8| match byte {
        b'0'..=b'9' => 0,
        b'A'..=b'Z' => 1,
        _ => 2,
    };
    let bytes = run.as_bytes();
    // Camel case changes from lower to upper case at each word, and back after one letter. Both are counted once.
    let changes = bytes.windows(2).filter(|pair| class(pair[0]) != class(pair[1])).count();
    let camel = bytes.windows(2).filter(|pair| class(pair[0]) == 1 && class(pair[1]) == 2).count();
    let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).count();
    let irregular = changes.saturating_sub(2 * camel);
    digits >= 2 && changes * 4 >= bytes.len()
        || irregular * 5 >= bytes.len()
        || camel * 4 >= bytes.len() && run.len() >= 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_become_placeholders() {
        for (path, templated) in [
            ("/api/users/12345", "/api/users/{id}"),
            ("/api/users/0", "/api/users/{id}"),
            ("/a/-17/b", "/a/{id}/b"),
            ("/prices/1999.95", "/prices/{id}"),
            ("/o/8f14e45f-ceea-467f-a0e6-1c2d3e4f5a6b/items", "/o/{uuid}/items"),
            ("/o/{8F14E45F-CEEA-467F-A0E6-1C2D3E4F5A6B}", "/o/{uuid}"),
            ("/o/550e8400e29b41d4a716446655440000", "/o/{uuid}"),
            ("/trace/4bf92f3577b34da6a3ce929d0e0e4736", "/trace/{uuid}"),
            ("/files/d41d8cd98f00b204e9800998ecf8427e", "/files/{hash}"),
            ("/commit/3eb1f105", "/commit/{hash}"),
            ("/blob/sha256:9f86d081884c7d659a2feaa0c55ad015", "/blob/{hash}"),
            ("/users/ann.lee@example.com/address", "/users/{email}/address"),
            ("/users/ann%40example.com", "/users/{email}"),
            ("/hosts/10.0.0.5/disks", "/hosts/{ip}/disks"),
            ("/hosts/2001:db8::1", "/hosts/{ip}"),
            ("/invoices/2026-11-30", "/invoices/{date}"),
            ("/invoices/2026-11", "/invoices/{date}"),
            ("/invoices/20261130", "/invoices/{date}"),
            ("/at/2026-11-30T10:20:30.5Z", "/at/{date}"),
            ("/blob/YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXo=", "/blob/{token}"),
            ("/s/dGhpcyBpcyBhIHNlc3Npb24", "/s/{token}"),
            ("/yt/dQw4w9WgXcQ12345", "/yt/{token}"),
            ("/orders/order-10023", "/orders/order-{id}"),
            ("/orders/order_10023/x", "/orders/order_{id}/x"),
            ("/q/queue-550e8400-e29b-41d4-a716-446655440000", "/q/queue-{uuid}"),
            ("/files/report-2026-11-30", "/files/report-{date}"),
            ("/users/1?tab=2#x", "/users/{id}"),
            ("/users/1/", "/users/{id}/"),
        ] {
            assert_eq!(template_path(path), templated, "{path}");
        }
    }

    #[test]
    fn words_stay() {
        for path in [
            "/",
            "",
            "/api/v1/users",
            "/api/v2.0/users",
            "/2.0/users",
            "/s3/buckets",
            "/oauth2/token",
            "/users/{id}",
            "/users/:id",
            "/[productId]/x",
            "/api/customerOrderHistories",
            "/UserAccountSettingsPreferences",
            "/very-long-name-of-a-page-with-words",
            "/robots.txt",
            "/favicon.ico",
            "/static/app.min.js",
            "/.well-known/openid-configuration",
            "/en-US/docs",
            "/decade",
            "/facade",
            "/deadbeef",
            "/feed",
            "/base64/decode",
            "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
            "/KeyspaceName.TableName",
            "/SendOrderConfirmationEmail2",
            "/x509",
            "/ec2/describe-instances",
            "/internationalization",
            "/HikariProxyPreparedStatement.executeQuery",
            "/caf\u{e9}/men\u{fc}",
        ] {
            assert_eq!(template_path(path), path);
            assert!(matches!(template_path(path), Cow::Borrowed(_)), "{path}");
        }
    }

    #[test]
    fn one_hundred_thousand_paths_with_identifiers_have_one_template() {
        for number in 0..100_000_u64 {
            let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let path = match number % 4 {
                0 => format!("/api/users/{number}/orders"),
                1 => format!(
                    "/api/users/{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}/orders",
                    mixed as u32,
                    mixed as u16,
                    mixed & 0xfff,
                    mixed >> 52,
                    mixed >> 16
                ),
                2 => format!("/api/users/{mixed:016x}/orders"),
                _ => format!("/api/users/user{number}@example.com/orders"),
            };
            let templated = template_path(&path);
            assert!(
                [
                    "/api/users/{id}/orders",
                    "/api/users/{uuid}/orders",
                    "/api/users/{hash}/orders",
                    "/api/users/{email}/orders"
                ]
                .contains(&&*templated),
                "{path} {templated}"
            );
        }
    }
}
