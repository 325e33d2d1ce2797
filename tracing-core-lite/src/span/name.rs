//! The name of a span.

use std::borrow::Cow;

use super::encode;
use crate::stack_text::StackText;
use crate::wire::ByteBuf;

/// A span's name: a text, or parts that are concatenated without an allocation. [`Tracer::span`](crate::Tracer::span)
/// and [`Recorder::set_name`](super::Recorder::set_name) accept both.
///
/// ```
/// use tracing_core_lite::TracerProvider;
/// use tracing_core_lite::testing::TestSpans;
///
/// let spans = TestSpans::new();
/// let route = "/orders/{id}";
/// spans.tracer().span(&["GET", " ", route]).start().end();
/// assert_eq!(spans.finished()[0].span.name, "GET /orders/{id}");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct SpanName<'a>(Parts<'a>);

#[derive(Debug, Clone, Copy)]
enum Parts<'a> {
    One(&'a str),
    Some(&'a [&'a str]),
}

/// The maximum length of a name that is concatenated on the stack, in bytes.
const ON_STACK: usize = 128;

impl<'a> SpanName<'a> {
    /// Calls `visit` with the name as one text. Short names are concatenated on the stack.
    #[inline]
    pub(super) fn with_text<R>(self, visit: impl FnOnce(&str) -> R) -> R {
        let parts = match self.0 {
            Parts::One(name) => return visit(name),
            Parts::Some(parts) => parts,
        };
        if parts.iter().map(|part| part.len()).sum::<usize>() > ON_STACK {
            return visit(&parts.concat());
        }
        let mut text = StackText::<ON_STACK>::new();
        for part in parts {
            text.push(part);
        }
        visit(text.as_str())
    }

    /// Returns the name as one text.
    pub(crate) fn to_text(self) -> Cow<'a, str> {
        match self.0 {
            Parts::One(name) => Cow::Borrowed(name),
            Parts::Some(parts) => Cow::Owned(parts.concat()),
        }
    }

    /// Returns the name as a text of its own.
    pub(super) fn into_string(self) -> String {
        match self.0 {
            Parts::One(name) => name.to_owned(),
            Parts::Some(parts) => {
                let mut text = String::with_capacity(parts.iter().map(|part| part.len()).sum());
                parts.iter().for_each(|part| text.push_str(part));
                text
            }
        }
    }

    /// Adds the name to `text`.
    #[inline]
    pub(super) fn add_to(self, text: &mut ByteBuf) {
        match self.0 {
            Parts::One(name) => text.extend_from_slice(name.as_bytes()),
            Parts::Some(parts) => {
                parts.iter().for_each(|part| encode::copy_short(text.take(part.len()), part.as_bytes()))
            }
        }
    }
}

impl<'a> From<&'a str> for SpanName<'a> {
    #[inline]
    fn from(name: &'a str) -> Self {
        Self(Parts::One(name))
    }
}

impl<'a> From<&'a String> for SpanName<'a> {
    #[inline]
    fn from(name: &'a String) -> Self {
        Self(Parts::One(name))
    }
}

impl<'a> From<&'a Cow<'_, str>> for SpanName<'a> {
    #[inline]
    fn from(name: &'a Cow<'_, str>) -> Self {
        Self(Parts::One(name))
    }
}

impl<'a> From<&'a [&'a str]> for SpanName<'a> {
    #[inline]
    fn from(parts: &'a [&'a str]) -> Self {
        Self(Parts::Some(parts))
    }
}

impl<'a, const N: usize> From<&'a [&'a str; N]> for SpanName<'a> {
    #[inline]
    fn from(parts: &'a [&'a str; N]) -> Self {
        Self(Parts::Some(parts))
    }
}
