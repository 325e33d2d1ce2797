//! Redacts with the default list of keys.

use std::borrow::Cow;

use super::names::URL_HEADERS;
use super::secret_keys::SecretKeys;

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

/// [`SecretKeys::path`] of the default list.
#[must_use]
pub fn path(path: &str) -> Cow<'_, str> {
    default_keys().path(path)
}

/// Redacts the value of a header that was captured, if it is a URL: it begins with `/`, has a `://`, or belongs to one of
/// [`URL_HEADERS`], which may hold relative URLs.
///
/// ```
/// use tracing_core_lite::redact::header_value;
///
/// assert_eq!(header_value("location", "cb?token=x"), "cb?token=REDACTED");
/// assert_eq!(header_value("x-tenant", "/a?token=x"), "/a?token=REDACTED");
/// assert_eq!(header_value("x-tenant", "a?token=x"), "a?token=x");
/// ```
#[must_use]
pub fn header_value<'a>(name: &str, value: &'a str) -> Cow<'a, str> {
    let is_url = value.trim_start().starts_with('/')
        || value.contains("://")
        || URL_HEADERS.iter().any(|header| header.eq_ignore_ascii_case(name));
    if is_url { url(value) } else { Cow::Borrowed(value) }
}

fn default_keys() -> &'static SecretKeys {
    static DEFAULT: std::sync::LazyLock<SecretKeys> = std::sync::LazyLock::new(SecretKeys::default);
    &DEFAULT
}
