//! A view of a span.

use super::head::SpanHead;
use super::items::{Items, View, sealed};
use super::parts::{EventView, LinkView};
use super::value::{AttributeView, ValueView};
use crate::span::data::DecodeError;

/// A view of one encoded `Span`.
///
/// [`head`](SpanView::head) reads everything but the repeated fields in one pass.
#[derive(Debug, Clone, Copy)]
pub struct SpanView<'a> {
    bytes: &'a [u8],
}

impl sealed::Sealed for SpanView<'_> {}

impl<'a> View<'a> for SpanView<'a> {
    fn of(message: &'a [u8]) -> Self {
        Self { bytes: message }
    }
}

impl<'a> SpanView<'a> {
    /// Creates a view of the content of an encoded `Span`. Nothing is checked yet.
    #[must_use]
    pub fn new(span: &'a [u8]) -> Self {
        Self { bytes: span }
    }

    /// Returns the bytes of the message.
    #[must_use]
    #[inline]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Reads the ids, times, kind, status, flags, name and tracestate.
    ///
    /// # Errors
    /// Returns an error if the message is malformed, or if an id has another length than its type.
    #[inline]
    pub fn head(&self) -> Result<SpanHead<'a>, DecodeError> {
        SpanHead::read(self.bytes).map_err(Into::into)
    }

    /// Iterates over the attributes.
    #[must_use]
    #[inline]
    pub fn attributes(&self) -> Items<'a, AttributeView<'a>> {
        Items::new(self.bytes, 9)
    }

    /// Returns the value of the attribute `key`; the last one if there are several.
    ///
    /// # Errors
    /// Returns an error if the message is malformed.
    pub fn attribute(&self, key: &str) -> Result<Option<ValueView<'a>>, DecodeError> {
        let mut found = None;
        for attribute in self.attributes() {
            let (name, value) = attribute?.parts()?;
            if name == key.as_bytes() {
                found = Some(value);
            }
        }
        found.map(ValueView::read).transpose()
    }

    /// Iterates over the events.
    #[must_use]
    pub fn events(&self) -> Items<'a, EventView<'a>> {
        Items::new(self.bytes, 11)
    }

    /// Iterates over the links.
    #[must_use]
    pub fn links(&self) -> Items<'a, LinkView<'a>> {
        Items::new(self.bytes, 13)
    }
}
