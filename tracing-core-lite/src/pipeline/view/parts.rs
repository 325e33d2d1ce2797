//! Views of a span's events and links.

use opentelemetry::trace::{SpanId, TraceId};

use super::head::{span_id, trace_id};
use super::items::{Items, View, last_message, sealed, text};
use super::value::AttributeView;
use crate::span::data::DecodeError;
use crate::wire::Fields;

/// A view of one event of a span.
#[derive(Debug, Clone, Copy)]
pub struct EventView<'a> {
    bytes: &'a [u8],
}

impl sealed::Sealed for EventView<'_> {}

impl<'a> View<'a> for EventView<'a> {
    fn of(message: &'a [u8]) -> Self {
        Self { bytes: message }
    }
}

impl<'a> EventView<'a> {
    /// Returns the bytes of the message.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns the name.
    ///
    /// # Errors
    /// Returns an error if the message is malformed.
    pub fn name(&self) -> Result<&'a str, DecodeError> {
        text(last_message(self.bytes, 2)?)
    }

    /// Returns the time, in nanoseconds since the Unix epoch.
    ///
    /// # Errors
    /// Returns an error if the message is malformed.
    pub fn time_unix_nano(&self) -> Result<u64, DecodeError> {
        let mut time = 0;
        let mut fields = Fields::of(self.bytes);
        while let Some((number, field)) = fields.next()? {
            if number == 1 {
                time = field.fixed64()?;
            }
        }
        Ok(time)
    }

    /// Iterates over the attributes.
    #[must_use]
    pub fn attributes(&self) -> Items<'a, AttributeView<'a>> {
        Items::new(self.bytes, 3)
    }
}

/// A view of one link of a span.
#[derive(Debug, Clone, Copy)]
pub struct LinkView<'a> {
    bytes: &'a [u8],
}

impl sealed::Sealed for LinkView<'_> {}

impl<'a> View<'a> for LinkView<'a> {
    fn of(message: &'a [u8]) -> Self {
        Self { bytes: message }
    }
}

impl<'a> LinkView<'a> {
    /// Returns the bytes of the message.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns the trace of the linked span.
    ///
    /// # Errors
    /// Returns an error if the message is malformed, or if the id is neither empty nor 16 bytes long.
    pub fn trace_id(&self) -> Result<TraceId, DecodeError> {
        Ok(trace_id(last_message(self.bytes, 1)?)?)
    }

    /// Returns the linked span.
    ///
    /// # Errors
    /// Returns an error if the message is malformed, or if the id is neither empty nor 8 bytes long.
    pub fn span_id(&self) -> Result<SpanId, DecodeError> {
        Ok(span_id(last_message(self.bytes, 2)?)?)
    }

    /// Returns the W3C `tracestate` of the linked span, empty when there is none.
    ///
    /// # Errors
    /// Returns an error if the message is malformed.
    pub fn trace_state(&self) -> Result<&'a str, DecodeError> {
        text(last_message(self.bytes, 3)?)
    }

    /// Iterates over the attributes.
    #[must_use]
    pub fn attributes(&self) -> Items<'a, AttributeView<'a>> {
        Items::new(self.bytes, 4)
    }
}
