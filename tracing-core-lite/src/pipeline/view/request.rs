//! Views of a request, of a resource with its spans, and of a scope with its spans.

use super::items::{Items, View, each_raw_field, last_message, sealed, text};
use super::span::SpanView;
use super::value::AttributeView;
use crate::span::data::DecodeError;

/// A view of an encoded `ExportTraceServiceRequest` (or `TracesData`, which has the same shape).
#[derive(Debug, Clone, Copy)]
pub struct RequestView<'a> {
    bytes: &'a [u8],
}

/// A view of one `ResourceSpans`.
#[derive(Debug, Clone, Copy)]
pub struct ResourceView<'a> {
    bytes: &'a [u8],
}

/// A view of one `ScopeSpans`.
#[derive(Debug, Clone, Copy)]
pub struct ScopeView<'a> {
    bytes: &'a [u8],
}

impl<'a> RequestView<'a> {
    /// Creates a view. Nothing is checked yet.
    #[must_use]
    pub fn new(request: &'a [u8]) -> Self {
        Self { bytes: request }
    }

    /// Iterates over the resources.
    #[must_use]
    pub fn resources(self) -> Items<'a, ResourceView<'a>> {
        Items::new(self.bytes, 1)
    }

    /// Calls `visit` with every span, its resource and its scope.
    ///
    /// # Errors
    /// Returns an error if the bytes are malformed. The spans before the error were visited.
    pub fn each_span(
        self,
        mut visit: impl FnMut(ResourceView<'a>, ScopeView<'a>, SpanView<'a>),
    ) -> Result<(), DecodeError> {
        for resource in self.resources() {
            let resource = resource?;
            for scope in resource.scopes() {
                let scope = scope?;
                for span in scope.spans() {
                    visit(resource, scope, span?);
                }
            }
        }
        Ok(())
    }

    /// Returns the number of spans, without looking into them.
    ///
    /// # Errors
    /// Returns an error if the bytes around the spans are malformed.
    pub fn count_spans(self) -> Result<usize, DecodeError> {
        let mut spans = 0;
        self.each_span(|_, _, _| spans += 1)?;
        Ok(spans)
    }
}

impl sealed::Sealed for ResourceView<'_> {}

impl<'a> View<'a> for ResourceView<'a> {
    fn of(message: &'a [u8]) -> Self {
        Self { bytes: message }
    }
}

impl<'a> ResourceView<'a> {
    /// Returns the bytes of the message.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Iterates over the attributes of the resource, such as `service.name`.
    ///
    /// # Errors
    /// Returns an error if the message is malformed.
    pub fn attributes(&self) -> Result<Items<'a, AttributeView<'a>>, DecodeError> {
        Ok(Items::new(last_message(self.bytes, 1)?, 1))
    }

    /// Returns the schema URL, empty when unknown.
    ///
    /// # Errors
    /// Returns an error if the message is malformed.
    pub fn schema_url(&self) -> Result<&'a str, DecodeError> {
        text(last_message(self.bytes, 3)?)
    }

    /// Iterates over the scopes.
    #[must_use]
    pub fn scopes(&self) -> Items<'a, ScopeView<'a>> {
        Items::new(self.bytes, 2)
    }

    /// Appends the fields around the scopes to `out`, as they are encoded. Equal bytes mean the same resource.
    ///
    /// # Errors
    /// Returns an error if the message is malformed.
    pub fn put_head(&self, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        put_head(self.bytes, out)
    }
}

impl sealed::Sealed for ScopeView<'_> {}

impl<'a> View<'a> for ScopeView<'a> {
    fn of(message: &'a [u8]) -> Self {
        Self { bytes: message }
    }
}

impl<'a> ScopeView<'a> {
    /// Returns the bytes of the message.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns the name of the instrumentation scope, empty when unknown.
    ///
    /// # Errors
    /// Returns an error if the message is malformed.
    pub fn name(&self) -> Result<&'a str, DecodeError> {
        text(last_message(last_message(self.bytes, 1)?, 1)?)
    }

    /// Returns the version of the instrumentation scope, empty when unknown.
    ///
    /// # Errors
    /// Returns an error if the message is malformed.
    pub fn version(&self) -> Result<&'a str, DecodeError> {
        text(last_message(last_message(self.bytes, 1)?, 2)?)
    }

    /// Iterates over the attributes of the instrumentation scope.
    ///
    /// # Errors
    /// Returns an error if the message is malformed.
    pub fn attributes(&self) -> Result<Items<'a, AttributeView<'a>>, DecodeError> {
        Ok(Items::new(last_message(self.bytes, 1)?, 3))
    }

    /// Returns the schema URL, empty when unknown.
    ///
    /// # Errors
    /// Returns an error if the message is malformed.
    pub fn schema_url(&self) -> Result<&'a str, DecodeError> {
        text(last_message(self.bytes, 3)?)
    }

    /// Iterates over the spans.
    #[must_use]
    pub fn spans(&self) -> Items<'a, SpanView<'a>> {
        Items::new(self.bytes, 2)
    }

    /// Appends the fields around the spans to `out`, as they are encoded. Equal bytes mean the same scope.
    ///
    /// # Errors
    /// Returns an error if the message is malformed.
    pub fn put_head(&self, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        put_head(self.bytes, out)
    }
}

/// Both messages have their repeated content in field 2.
fn put_head(message: &[u8], out: &mut Vec<u8>) -> Result<(), DecodeError> {
    each_raw_field(message, |number, raw| {
        if number != 2 {
            out.extend_from_slice(raw);
        }
    })?;
    Ok(())
}
