//! The template of a request's URL.

use std::borrow::Cow;

/// An extension of a request: its URL with placeholders, such as `/charges/{id}`. It becomes `url.template` and part of the
/// span's name, so use few different ones.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UrlTemplate(Cow<'static, str>);

impl UrlTemplate {
    /// Returns the template.
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
