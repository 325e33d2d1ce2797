//! What the URLs of a kind of request have in common.

use std::borrow::Cow;

/// An extension of a request: its URL before ids were filled in, such as `/charges/{id}`. It becomes `url.template` and
/// part of the span's name, so there have to be few.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UrlTemplate(Cow<'static, str>);

impl UrlTemplate {
    /// The template.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T: Into<Cow<'static, str>>> From<T> for UrlTemplate {
    fn from(template: T) -> Self {
        Self(template.into())
    }
}
