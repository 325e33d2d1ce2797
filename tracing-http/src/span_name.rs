//! The name of a span: `{method} {target}`.

use tracing_core_lite::StackText;

/// Longest name that needs no heap, in bytes.
const USUAL_LENGTH: usize = 96;

/// `{method} {target}`, `{method}` without a target, and `HTTP` for a method that is not known (semantic conventions for
/// HTTP spans, section "Name").
pub(crate) enum SpanName<'a> {
    Method(&'a str),
    Usual(StackText<USUAL_LENGTH>),
    Long(String),
}

impl<'a> SpanName<'a> {
    #[inline]
    pub(crate) fn new(method: &'a str, target: Option<&str>) -> Self {
        let method = if method == crate::known_methods::OTHER { "HTTP" } else { method };
        let Some(target) = target else { return Self::Method(method) };
        let mut text = StackText::new();
        text.push(method).push(" ").push(target);
        if text.is_cut() { Self::Long(format!("{method} {target}")) } else { Self::Usual(text) }
    }

    #[inline]
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Method(method) => method,
            Self::Usual(text) => text.as_str(),
            Self::Long(text) => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let long = "/x".repeat(100);
        for (method, target, expected) in [
            ("GET", Some("/orders/{id}"), "GET /orders/{id}"),
            ("GET", None, "GET"),
            ("_OTHER", Some("/"), "HTTP /"),
            ("_OTHER", None, "HTTP"),
            ("PUT", Some(&long), &format!("PUT {long}")),
        ] {
            assert_eq!(SpanName::new(method, target).as_str(), expected);
        }
    }
}
