//! Keeps secrets out of spans: replaces them in URLs, and knows the headers that carry credentials.
//!
//! ```
//! use tracing_core_lite::redact;
//!
//! assert_eq!(redact::query("page=2&token=abc"), "page=2&token=REDACTED");
//! assert_eq!(redact::url("https://ann:pw@example.com/a?sig=x"), "https://REDACTED:REDACTED@example.com/a?sig=REDACTED");
//! ```
//!
//! Text without secrets is returned without an allocation. URLs, queries and paths are cut at [`MAX_URL_LENGTH`] bytes, because
//! clients can send very long ones.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The text that replaces a secret (semantic conventions for URLs, notes on `url.full` and `url.query`).
pub const REDACTED: &str = "REDACTED";

/// The longest URL, query or path that is recorded, in bytes.
pub const MAX_URL_LENGTH: usize = 2048;

/// Query keys whose values are secret. The first four are those of the semantic conventions. The others are common names
/// of credentials, such as the code of an OAuth redirect.
pub const SECRET_QUERY_KEYS: &[&str] = &[
    "AWSAccessKeyId",
    "Signature",
    "sig",
    "X-Goog-Signature",
    "X-Amz-Signature",
    "X-Amz-Credential",
    "X-Amz-Security-Token",
    "X-Goog-Credential",
    "access-token",
    "access_token",
    "accesstoken",
    "api-key",
    "api_key",
    "apikey",
    "assertion",
    "auth",
    "auth_token",
    "authorization",
    "authtoken",
    "bearer",
    "client-secret",
    "client_secret",
    "clientsecret",
    "code",
    "credential",
    "credentials",
    "id-token",
    "id_token",
    "idtoken",
    "jwt",
    "key",
    "oauth_signature",
    "oauth_token",
    "oauth_token_secret",
    "oauth_verifier",
    "otp",
    "passphrase",
    "passwd",
    "password",
    "private-key",
    "private_key",
    "pwd",
    "refresh-token",
    "refresh_token",
    "refreshtoken",
    "secret",
    "secret_key",
    "session",
    "session-id",
    "session_id",
    "sessionid",
    "ticket",
    "token",
    "x-api-key",
];

/// Headers, and keys of gRPC metadata, that carry credentials, in lower case.
pub const CREDENTIAL_HEADERS: &[&str] = &[
    "api-key",
    "authentication-info",
    "authorization",
    "cookie",
    "cookie2",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-authorization",
    "set-cookie",
    "set-cookie2",
    "www-authenticate",
    "x-access-token",
    "x-amz-security-token",
    "x-api-key",
    "x-auth-token",
    "x-csrf-token",
    "x-goog-api-key",
    "x-goog-iam-authorization-token",
    "x-xsrf-token",
];

/// Returns whether `name` is one of [`CREDENTIAL_HEADERS`]. Case does not matter.
///
/// ```
/// use tracing_core_lite::redact::is_credential_header;
///
/// assert!(is_credential_header("Authorization"));
/// assert!(!is_credential_header("accept"));
/// ```
#[must_use]
pub fn is_credential_header(name: &str) -> bool {
    CREDENTIAL_HEADERS.iter().any(|header| header.eq_ignore_ascii_case(name))
}

/// A list of query keys whose values are not recorded. Case and percent-encoding do not matter.
///
/// ```
/// use tracing_core_lite::redact::SecretKeys;
///
/// let keys = SecretKeys::default().and(["voucher"]);
/// assert_eq!(keys.query("voucher=abc&TOKEN=x&page=1"), "voucher=REDACTED&TOKEN=REDACTED&page=1");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretKeys {
    keys: Vec<Cow<'static, str>>,
    /// The bits of all keys, which rule out most other keys without a comparison.
    filter: u64,
}

impl Default for SecretKeys {
    /// Returns [`SECRET_QUERY_KEYS`].
    fn default() -> Self {
        Self::none().and(SECRET_QUERY_KEYS.iter().copied())
    }
}

impl SecretKeys {
    /// Returns an empty list: queries are recorded as they are.
    #[must_use]
    pub fn none() -> Self {
        Self { keys: Vec::new(), filter: 0 }
    }

    /// Adds keys to the list.
    #[must_use]
    pub fn and<K: Into<Cow<'static, str>>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        for key in keys {
            let key = key.into();
            self.filter |= filter_bit(key.as_bytes());
            self.keys.push(key);
        }
        self
    }

    /// Replaces the secret values of a query by `REDACTED`. The query has no leading question mark. Its pairs are separated by
    /// `&` or `;`.
    #[must_use]
    pub fn query<'a>(&self, query: &'a str) -> Cow<'a, str> {
        let query = cut(query);
        if self.may_hide(query) && pairs(query).any(|pair| self.hides(pair)) {
            let mut redacted = String::with_capacity(query.len() + REDACTED.len());
            self.push_query(&mut redacted, query);
            redacted.truncate(cut(&redacted).len());
            Cow::Owned(redacted)
        } else {
            Cow::Borrowed(query)
        }
    }

    /// Replaces the user name and the password of a URL, and the secret values of its query and its fragment.
    ///
    /// Accepts any text. Text that is not a URL is searched for the same patterns.
    #[must_use]
    pub fn url<'a>(&self, url: &'a str) -> Cow<'a, str> {
        let (rest, fragment) = split(url, '#');
        let (base, query) = split(rest, '?');
        let userinfo = userinfo(base);
        let hides = |part: Option<&str>| part.is_some_and(|part| pairs(part).any(|pair| self.hides(pair)));
        if userinfo.is_none() && !hides(query) && !hides(fragment) {
            return Cow::Borrowed(cut(url));
        }
        let mut redacted = String::with_capacity(url.len() + 2 * REDACTED.len());
        match userinfo {
            Some((start, end)) => {
                redacted.push_str(&base[..start]);
                redacted.push_str(REDACTED);
                if base[start..end].contains(':') {
                    redacted.push(':');
                    redacted.push_str(REDACTED);
                }
                redacted.push_str(&base[end..]);
            }
            None => redacted.push_str(base),
        }
        for (mark, part) in [('?', query), ('#', fragment)] {
            if let Some(part) = part {
                redacted.push(mark);
                self.push_query(&mut redacted, part);
            }
        }
        redacted.truncate(cut(&redacted).len());
        Cow::Owned(redacted)
    }

    /// Returns whether values of `key` are secret.
    #[must_use]
    pub fn contains(&self, key: &str) -> bool {
        if key.contains('%') {
            let decoded: Cow<'_, [u8]> = percent_decode_str(key).into();
            return self.contains_decoded(&decoded);
        }
        self.contains_decoded(key.as_bytes())
    }

    fn contains_decoded(&self, key: &[u8]) -> bool {
        let is_listed = |key: &[u8]| {
            self.filter & filter_bit(key) != 0
                && self.keys.iter().any(|secret| secret.as_bytes().eq_ignore_ascii_case(key))
        };
        is_listed(key) || form_field(key).is_some_and(is_listed)
    }

    /// A quick check, which rules out most queries. It looks at each byte once.
    fn may_hide(&self, query: &str) -> bool {
        let bytes = query.as_bytes();
        let mut start = 0;
        let mut in_key = true;
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                b'=' if in_key => {
                    if self.filter & filter_bit(&bytes[start..at]) != 0 {
                        return true;
                    }
                    in_key = false;
                }
                // Encoded, or the field of a form such as `user[password]`.
                b'%' | b'[' if in_key => return true,
                b'&' | b';' => (start, in_key) = (at + 1, true),
                _ => {}
            }
        }
        false
    }

    fn hides(&self, pair: &str) -> bool {
        split(pair, '=').1.is_some_and(|value| !value.is_empty() && value != ";" && value != "&")
            && self.contains(split(pair, '=').0)
    }

    fn push_query(&self, redacted: &mut String, query: &str) {
        // A secret value may contain a semicolon, so it ends at an ampersand only.
        let mut hidden = false;
        for pair in pairs(query) {
            if hidden {
                if pair.ends_with('&') {
                    redacted.push('&');
                    hidden = false;
                }
            } else if self.hides(pair) {
                redacted.push_str(split(pair, '=').0);
                redacted.push('=');
                redacted.push_str(REDACTED);
                hidden = !pair.ends_with('&');
                if !hidden {
                    redacted.push('&');
                }
            } else {
                redacted.push_str(pair);
            }
        }
    }
}

/// [`SecretKeys::query`] of the default list.
#[must_use]
pub fn query(query: &str) -> Cow<'_, str> {
    default_keys().query(query)
}

/// [`SecretKeys::url`] of the default list.
#[must_use]
pub fn url(url: &str) -> Cow<'_, str> {
    default_keys().url(url)
}

/// Cuts a path at [`MAX_URL_LENGTH`] bytes.
#[must_use]
pub fn path(path: &str) -> &str {
    cut(path)
}

/// Redacts the value of a header that was captured, if it is a URL: it begins with `/`, or has a `://`.
///
/// Headers such as `referer`, `location` and `x-original-url` repeat URLs with the secrets in them.
#[must_use]
pub fn header_value(value: &str) -> Cow<'_, str> {
    let is_url = value.trim_start().starts_with('/') || value.contains("://");
    if is_url { url(value) } else { Cow::Borrowed(value) }
}

/// The longest part of `text` that is recorded, in whole characters.
#[inline]
fn cut(text: &str) -> &str {
    let mut end = MAX_URL_LENGTH.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn default_keys() -> &'static SecretKeys {
    static DEFAULT: std::sync::LazyLock<SecretKeys> = std::sync::LazyLock::new(SecretKeys::default);
    &DEFAULT
}

/// One of 64 bits, by length and first letter.
fn filter_bit(key: &[u8]) -> u64 {
    let initial = key.first().map_or(0, u8::to_ascii_lowercase);
    1 << ((usize::from(initial) * 7 + key.len()) % 64)
}

/// The last name of a form's nested field: `password` of `user[password]`.
fn form_field(key: &[u8]) -> Option<&[u8]> {
    let inner = key.strip_suffix(b"]")?;
    let open = inner.iter().rposition(|byte| *byte == b'[')?;
    Some(&inner[open + 1..])
}

fn split(text: &str, mark: char) -> (&str, Option<&str>) {
    match text.split_once(mark) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

/// The pairs of a query, each with the separator that ends it.
fn pairs(query: &str) -> impl Iterator<Item = &str> {
    query.split_inclusive(['&', ';'])
}

/// Returns where the user information of `base` begins and where its `@` is. `base` is a URL without query and fragment.
fn userinfo(base: &str) -> Option<(usize, usize)> {
    let start = base.find("//").map_or(0, |slashes| slashes + 2);
    let end = base[start..].find(['/', '\\']).map_or(base.len(), |slash| start + slash);
    let at = base[start..end].rfind('@')?;
    Some((start, start + at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_forms_are_redacted() {
        assert_eq!(query("user[password]=x&user[name]=y"), "user[password]=REDACTED&user[name]=y");
        assert_eq!(query("user%5Bpassword%5D=x&a=b"), "user%5Bpassword%5D=REDACTED&a=b");
        assert_eq!(
            query("oauth_token=x&x-api-key=y&]=z&[=z"),
            "oauth_token=REDACTED&x-api-key=REDACTED&]=z&[=z"
        );
    }

    #[test]
    fn queries() {
        for (given, expected) in [
            ("", ""),
            ("a=1&b=2", "a=1&b=2"),
            ("sig=abc", "sig=REDACTED"),
            ("a=1&X-Amz-Signature=f&b", "a=1&X-Amz-Signature=REDACTED&b"),
            ("TOKEN=a=b", "TOKEN=REDACTED"),
            ("t%6fken=a", "t%6fken=REDACTED"),
            ("token=", "token="),
            ("token", "token"),
            ("tokens=a&mytoken=b", "tokens=a&mytoken=b"),
            ("%=1&%zz=2&%6=3&token%=4", "%=1&%zz=2&%6=3&token%=4"),
            ("token=a&token=b", "token=REDACTED&token=REDACTED"),
            ("ключ=ä&key=ö", "ключ=ä&key=REDACTED"),
            ("a=1;token=x", "a=1;token=REDACTED"),
            ("token=x;page=2&b=1", "token=REDACTED&b=1"),
            ("a=1;b=2&sig=x;y=z;&c=3;d", "a=1;b=2&sig=REDACTED&c=3;d"),
            ("token=;a=1", "token=;a=1"),
            ("a;token=x&token=y", "a;token=REDACTED&token=REDACTED"),
            (";;&&token=x", ";;&&token=REDACTED"),
        ] {
            assert_eq!(query(given), expected);
        }
    }

    #[test]
    fn urls() {
        for (given, expected) in [
            ("https://example.com/a?b=c#d", "https://example.com/a?b=c#d"),
            ("https://ann@example.com", "https://REDACTED@example.com"),
            ("https://ann:p@ss@example.com:1/@x", "https://REDACTED:REDACTED@example.com:1/@x"),
            ("ann:pw@example.com", "REDACTED:REDACTED@example.com"),
            ("https://example.com/a@b?c=@", "https://example.com/a@b?c=@"),
            ("/cb#access_token=x&state=1", "/cb#access_token=REDACTED&state=1"),
            ("redis://:pw@host/0", "redis://REDACTED:REDACTED@host/0"),
            ("//", "//"),
            ("@", "REDACTED@"),
            ("/a?b=1;token=x#access_token=y;z", "/a?b=1;token=REDACTED#access_token=REDACTED"),
        ] {
            assert_eq!(url(given), expected);
        }
    }

    #[test]
    fn long_urls_are_cut() {
        let long = format!("/{}", "ä".repeat(15_000));
        assert_eq!(path(&long).len(), MAX_URL_LENGTH - 1);
        assert_eq!(url(&long).len(), MAX_URL_LENGTH - 1);
        assert_eq!(query(&"a=1&".repeat(8_000)).len(), MAX_URL_LENGTH);
        let with_secrets =
            format!("https://ann:{}@example.com/?token={}", "p".repeat(9_000), "t".repeat(9_000));
        assert_eq!(url(&with_secrets), "https://REDACTED:REDACTED@example.com/?token=REDACTED");
        assert_eq!(query(&format!("token={}", "t".repeat(9_000))), "token=REDACTED");
        assert!(url(&format!("https://example.com/{}?sig=x", "a".repeat(5_000))).len() <= MAX_URL_LENGTH);
    }

    #[test]
    fn urls_in_headers_are_redacted() {
        for (value, expected) in [
            ("https://example.com/a?token=x", "https://example.com/a?token=REDACTED"),
            ("/login?a=1;code=x", "/login?a=1;code=REDACTED"),
            (
                "5; url=https://me:pw@example.com/?sig=x",
                "5; url=https://REDACTED:REDACTED@example.com/?sig=REDACTED",
            ),
            ("<https://example.com/?key=x>; rel=next", "<https://example.com/?key=REDACTED"),
            ("text/html; charset=utf-8", "text/html; charset=utf-8"),
            ("token=x", "token=x"),
            ("ann@example.com", "ann@example.com"),
        ] {
            assert_eq!(header_value(value), expected);
        }
    }

    #[test]
    fn nothing_is_allocated_without_secrets() {
        assert!(matches!(query("a=1&page=2"), Cow::Borrowed(_)));
        assert!(matches!(url("https://example.com/a?page=2"), Cow::Borrowed(_)));
    }
}
