//! Redacts queries, paths and URLs.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::names::SECRET_QUERY_KEYS;

/// The text that replaces a secret (semantic conventions for URLs, notes on `url.full` and `url.query`).
pub const REDACTED: &str = "REDACTED";

/// The longest URL, query or path that is recorded, in bytes.
pub const MAX_URL_LENGTH: usize = 2048;

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
    /// A bit set of all keys, which rules out most other keys without a comparison.
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
        if self.may_hide(query) && pairs(query).any(|pair| self.hides(pair, 0)) {
            let mut redacted = String::with_capacity(query.len() + REDACTED.len());
            self.push_query(&mut redacted, query);
            redacted.truncate(cut(&redacted).len());
            Cow::Owned(redacted)
        } else {
            Cow::Borrowed(query)
        }
    }

    /// Replaces the user name and the password of a URL, and the secret values of its query, its fragment and the parameters
    /// of its path, as in `/orders;jsessionid=x`. A value that is itself a URL with such a secret is replaced as a whole.
    ///
    /// Accepts any text. Text that is not a URL is searched for the same patterns.
    #[must_use]
    pub fn url<'a>(&self, url: &'a str) -> Cow<'a, str> {
        self.nested_url(url, 0)
    }

    /// Replaces the secret values of the parameters of a path, as in `/orders;jsessionid=x`.
    #[must_use]
    pub fn path<'a>(&self, path: &'a str) -> Cow<'a, str> {
        let path = cut(path);
        if !self.hides_parameter(path, 0) {
            return Cow::Borrowed(path);
        }
        let mut redacted = String::with_capacity(path.len() + REDACTED.len());
        self.push_path(&mut redacted, path);
        redacted.truncate(cut(&redacted).len());
        Cow::Owned(redacted)
    }

    /// [`SecretKeys::url`] of a URL within `depth` others.
    fn nested_url<'a>(&self, url: &'a str, depth: usize) -> Cow<'a, str> {
        let (rest, fragment) = split(url, '#');
        let (base, query) = split(rest, '?');
        let userinfo = userinfo(base);
        let hides =
            |part: Option<&str>| part.is_some_and(|part| pairs(part).any(|pair| self.hides(pair, depth)));
        if userinfo.is_none() && !self.hides_parameter(base, depth) && !hides(query) && !hides(fragment) {
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
                self.push_path(&mut redacted, &base[end..]);
            }
            None => self.push_path(&mut redacted, base),
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
        is_listed(key) || (is_form_field(key) && form_names(key).any(is_listed))
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
                b'%' | b'[' | b'.' if in_key => return true,
                // A URL within the value.
                b'?' | b'#' | b'@' => return true,
                b'%' if is_encoded_mark(&bytes[at + 1..]) => return true,
                b'&' | b';' => (start, in_key) = (at + 1, true),
                _ => {}
            }
        }
        false
    }

    /// Returns whether the value of `pair` is a secret or contains one. The pair is within `depth` URLs that are values
    /// themselves.
    fn hides(&self, pair: &str, depth: usize) -> bool {
        let (key, Some(value)) = split(pair, '=') else { return false };
        if value.is_empty() || value == ";" || value == "&" {
            return false;
        }
        self.contains(key) || self.hides_within(value, depth)
    }

    /// Returns whether `value` is a URL, possibly percent-encoded, that contains a secret.
    fn hides_within(&self, value: &str, depth: usize) -> bool {
        let bytes = value.as_bytes();
        let is_url = bytes.iter().enumerate().any(|(at, byte)| match byte {
            b'?' | b'#' | b'@' => true,
            b'%' => is_encoded_mark(&bytes[at + 1..]),
            _ => false,
        });
        if !is_url {
            return false;
        }
        // A URL that is nested this deeply is replaced as a whole.
        if depth == MAX_NESTED_URLS {
            return true;
        }
        let decoded = percent_decode_str(value).decode_utf8_lossy();
        // Without `//`, an `@` belongs to an address such as `ann@example.com`.
        let is_url = decoded.contains("//") || decoded.contains(['?', '#']);
        let is_hidden = |text: &str| matches!(self.nested_url(text, depth + 1), Cow::Owned(_));
        (is_url && (is_hidden(value) || is_hidden(&decoded)))
            // Encoded more than once.
            || (decoded != value && self.hides_within(&decoded, depth + 1))
    }

    fn hides_parameter(&self, path: &str, depth: usize) -> bool {
        path.contains(';')
            && path_parts(path).any(|(is_parameter, part)| is_parameter && self.hides(part, depth))
    }

    fn push_path(&self, redacted: &mut String, path: &str) {
        for (is_parameter, part) in path_parts(path) {
            if is_parameter && self.hides(part, 0) {
                redacted.push_str(split(part, '=').0);
                redacted.push('=');
                redacted.push_str(REDACTED);
                if let Some(end @ (';' | '/')) = part.chars().next_back() {
                    redacted.push(end);
                }
            } else {
                redacted.push_str(part);
            }
        }
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
            } else if self.hides(pair, 0) {
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

/// The longest part of `text` that is recorded, in whole characters.
#[inline]
fn cut(text: &str) -> &str {
    let mut end = MAX_URL_LENGTH.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Returns one of 64 bits, chosen by length and first letter.
fn filter_bit(key: &[u8]) -> u64 {
    let initial = key.first().map_or(0, u8::to_ascii_lowercase);
    1 << ((usize::from(initial) * 7 + key.len()) % 64)
}

/// How many levels of nested URLs are searched for secrets.
const MAX_NESTED_URLS: usize = 3;

/// Returns whether `bytes`, which follow a percent sign, encode a `?`, a `#` or an `@`.
fn is_encoded_mark(bytes: &[u8]) -> bool {
    matches!(bytes, [b'3', b'f' | b'F', ..] | [b'2', b'3' | b'5', ..] | [b'4', b'0', ..])
}

/// Returns whether `key` may be a nested field of a form: `user[password]`, `user.password`.
fn is_form_field(key: &[u8]) -> bool {
    key.iter().any(|byte| matches!(byte, b'[' | b'.'))
}

/// The names in the key of a form's field: `user` and `password` of `user[password]`.
fn form_names(key: &[u8]) -> impl Iterator<Item = &[u8]> {
    key.split(|byte| matches!(byte, b'[' | b']' | b'.')).filter(|name| !name.is_empty())
}

/// The parts of a path, each with the `/` or `;` that ends it, and whether it is a parameter, which follows a `;`.
fn path_parts(path: &str) -> impl Iterator<Item = (bool, &str)> {
    let mut is_parameter = false;
    path.split_inclusive(['/', ';'])
        .map(move |part| (std::mem::replace(&mut is_parameter, part.ends_with(';')), part))
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
