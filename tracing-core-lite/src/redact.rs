//! What must never reach a span: takes secrets out of URLs, and knows the headers that carry credentials.
//!
//! ```
//! use tracing_core_lite::redact;
//!
//! assert_eq!(redact::query("page=2&token=abc"), "page=2&token=REDACTED");
//! assert_eq!(redact::url("https://ann:pw@example.com/a?sig=x"), "https://REDACTED:REDACTED@example.com/a?sig=REDACTED");
//! ```
//!
//! What has nothing to hide is returned as it was, without an allocation.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// What stands in the place of a secret (semantic conventions for URLs, notes on `url.full` and `url.query`).
pub const REDACTED: &str = "REDACTED";

/// Query keys whose values are secret. The first four are those of the semantic conventions; the others are usual names
/// for credentials, such as the code of an OAuth redirect.
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

/// Headers, and keys of gRPC metadata, that carry credentials; in lower case.
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

/// Whether `name` is one of [`CREDENTIAL_HEADERS`]. Case does not matter.
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

/// A list of query keys whose values are not to be recorded. Case does not matter, nor does percent-encoding.
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
    /// Has the bit of every key, so that most keys are told from secrets at a glance.
    filter: u64,
}

impl Default for SecretKeys {
    /// [`SECRET_QUERY_KEYS`].
    fn default() -> Self {
        Self::none().and(SECRET_QUERY_KEYS.iter().copied())
    }
}

impl SecretKeys {
    /// An empty list: queries are recorded as they are.
    #[must_use]
    pub fn none() -> Self {
        Self { keys: Vec::new(), filter: 0 }
    }

    /// This list and further keys.
    #[must_use]
    pub fn and<K: Into<Cow<'static, str>>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        for key in keys {
            let key = key.into();
            self.filter |= filter_bit(key.as_bytes());
            self.keys.push(key);
        }
        self
    }

    /// The query with every secret value replaced by `REDACTED`. Without the leading question mark.
    #[must_use]
    pub fn query<'a>(&self, query: &'a str) -> Cow<'a, str> {
        if self.may_hide(query) && pairs(query).any(|(key, value)| self.hides(key, value)) {
            let mut redacted = String::with_capacity(query.len() + REDACTED.len());
            self.push_query(&mut redacted, query);
            Cow::Owned(redacted)
        } else {
            Cow::Borrowed(query)
        }
    }

    /// The URL with user name and password replaced, and its query, and its fragment if that reads like a query, treated
    /// as [`query`](SecretKeys::query) does.
    ///
    /// Anything may be given: what is not a URL is searched for the same patterns.
    #[must_use]
    pub fn url<'a>(&self, url: &'a str) -> Cow<'a, str> {
        let (rest, fragment) = split(url, '#');
        let (base, query) = split(rest, '?');
        let userinfo = userinfo(base);
        let hides = |part: Option<&str>| {
            part.is_some_and(|part| pairs(part).any(|(key, value)| self.hides(key, value)))
        };
        if userinfo.is_none() && !hides(query) && !hides(fragment) {
            return Cow::Borrowed(url);
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
        Cow::Owned(redacted)
    }

    /// Whether values of `key` are secret.
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

    /// Looks at each byte once, and lets most queries go.
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
                // Encoded, or a form's `user[password]`: to be looked at.
                b'%' | b'[' if in_key => return true,
                b'&' => (start, in_key) = (at + 1, true),
                _ => {}
            }
        }
        false
    }

    fn hides(&self, key: &str, value: Option<&str>) -> bool {
        value.is_some_and(|value| !value.is_empty()) && self.contains(key)
    }

    fn push_query(&self, redacted: &mut String, query: &str) {
        for (index, pair) in query.split('&').enumerate() {
            if index > 0 {
                redacted.push('&');
            }
            match split(pair, '=') {
                (key, value @ Some(_)) if self.hides(key, value) => {
                    redacted.push_str(key);
                    redacted.push('=');
                    redacted.push_str(REDACTED);
                }
                _ => redacted.push_str(pair),
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

fn pairs(query: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    query.split('&').map(|pair| split(pair, '='))
}

/// Where the user information of `base` (a URL without query and fragment) begins and ends, not counting the `@`.
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
    fn fields_of_forms_are_looked_into() {
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
        ] {
            assert_eq!(url(given), expected);
        }
    }

    #[test]
    fn nothing_is_allocated_for_what_is_fine() {
        assert!(matches!(query("a=1&page=2"), Cow::Borrowed(_)));
        assert!(matches!(url("https://example.com/a?page=2"), Cow::Borrowed(_)));
    }
}
