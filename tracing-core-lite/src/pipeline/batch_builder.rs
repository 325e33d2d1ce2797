//! Builds a batch from encoded spans.

use super::batch::Batch;
use super::view::{RequestView, ResourceView, ScopeView, SpanEdit, SpanView};
use crate::span::data::DecodeError;
use crate::wire;

/// A new section is compared with this many earlier ones, so that a batch of a hundred services stays cheap.
const SEARCHED: usize = 256;

/// Builds a [`Batch`] from encoded spans. Their bytes are copied, not decoded.
///
/// Spans of the same resource and scope are put together, whatever the order in which they are added.
///
/// ```
/// use tracing_core_lite::pipeline::view::RequestView;
/// use tracing_core_lite::pipeline::{Batch, BatchBuilder};
///
/// /// Returns the spans of `batch` that failed.
/// fn failed(batch: &Batch) -> Option<Batch> {
///     let mut builder = BatchBuilder::new();
///     let is_error = |span: &tracing_core_lite::pipeline::view::SpanView<'_>| {
///         span.head().is_ok_and(|head| head.status == tracing_core_lite::pipeline::view::StatusCode::Error)
///     };
///     builder.push_matching(RequestView::new(batch.request()), is_error).ok()?;
///     builder.finish()
/// }
/// # assert!(failed(&Batch::new(Vec::new().into(), 0)).is_none());
/// ```
#[derive(Debug, Default)]
pub struct BatchBuilder {
    resources: Vec<ResourceSection>,
    sections: Vec<Part>,
    last: Option<usize>,
    len: usize,
    spans: usize,
    scratch: Vec<u8>,
}

/// Where a [`BatchBuilder`] puts the spans of one resource and scope. It is valid for the batch that is being built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Section(usize);

#[derive(Debug)]
struct ResourceSection {
    head: Vec<u8>,
}

/// The spans of one scope.
#[derive(Debug)]
struct Part {
    resource: usize,
    head: Vec<u8>,
    spans: Vec<u8>,
}

impl Part {
    fn len(&self) -> usize {
        self.head.len() + self.spans.len()
    }
}

impl BatchBuilder {
    /// Creates an empty builder.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns about how many bytes the batch has.
    #[must_use]
    pub fn request_len(&self) -> usize {
        self.len
    }

    /// Returns the number of spans.
    #[must_use]
    pub fn span_count(&self) -> usize {
        self.spans
    }

    /// Returns whether there is no span.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans == 0
    }

    /// Returns the section for the spans of a resource and a scope, from the bytes that
    /// [`ResourceView::put_head`] and [`ScopeView::put_head`] write.
    pub fn section(&mut self, resource: &[u8], scope: &[u8]) -> Section {
        let is_it = |part: &Part, resources: &[ResourceSection]| {
            part.head == scope && resources[part.resource].head == resource
        };
        if let Some(last) = self.last
            && is_it(&self.sections[last], &self.resources)
        {
            return Section(last);
        }
        let from = self.sections.len().saturating_sub(SEARCHED);
        let found = (from..self.sections.len()).rev().find(|at| is_it(&self.sections[*at], &self.resources));
        let index = found.unwrap_or_else(|| self.add_section(resource, scope));
        self.last = Some(index);
        Section(index)
    }

    fn add_section(&mut self, resource: &[u8], scope: &[u8]) -> usize {
        let from = self.resources.len().saturating_sub(SEARCHED);
        let found = (from..self.resources.len()).rev().find(|at| self.resources[*at].head == resource);
        let resource = found.unwrap_or_else(|| {
            self.len += resource.len();
            self.resources.push(ResourceSection { head: resource.to_vec() });
            self.resources.len() - 1
        });
        self.len += scope.len();
        self.sections.push(Part { resource, head: scope.to_vec(), spans: Vec::new() });
        self.sections.len() - 1
    }

    /// Adds a span.
    pub fn push(&mut self, section: Section, span: SpanView<'_>) {
        self.push_bytes(section, span.bytes());
    }

    /// Adds a span with changes.
    ///
    /// # Errors
    /// Returns an error, and adds nothing, if the span is malformed.
    pub fn push_edited(
        &mut self,
        section: Section,
        span: SpanView<'_>,
        edit: &SpanEdit,
    ) -> Result<(), DecodeError> {
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        let result = edit.apply(&span, &mut scratch);
        if result.is_ok() {
            self.push_bytes(section, &scratch);
        }
        self.scratch = scratch;
        result
    }

    fn push_bytes(&mut self, section: Section, span: &[u8]) {
        let Some(part) = self.sections.get_mut(section.0) else { return };
        let before = part.spans.len();
        put_header(&mut part.spans, 2, span.len());
        part.spans.extend_from_slice(span);
        self.len += part.spans.len() - before;
        self.spans += 1;
    }

    /// Adds a span of this resource and scope.
    ///
    /// # Errors
    /// Returns an error, and adds nothing, if the resource or the scope is malformed.
    pub fn push_of(
        &mut self,
        resource: ResourceView<'_>,
        scope: ScopeView<'_>,
        span: SpanView<'_>,
    ) -> Result<(), DecodeError> {
        let section = self.section_of(resource, scope)?;
        self.push(section, span);
        Ok(())
    }

    /// Returns the section for the spans of a resource and a scope.
    ///
    /// # Errors
    /// Returns an error if the resource or the scope is malformed.
    pub fn section_of(
        &mut self,
        resource: ResourceView<'_>,
        scope: ScopeView<'_>,
    ) -> Result<Section, DecodeError> {
        let mut heads = std::mem::take(&mut self.scratch);
        heads.clear();
        let result = resource.put_head(&mut heads).and_then(|()| {
            let middle = heads.len();
            scope.put_head(&mut heads)?;
            let (resource, scope) = heads.split_at(middle);
            Ok(self.section(resource, scope))
        });
        self.scratch = heads;
        result
    }

    /// Adds the spans of `request` that `keeps` accepts.
    ///
    /// # Errors
    /// Returns an error if the request is malformed. The spans before the error were added.
    pub fn push_matching(
        &mut self,
        request: RequestView<'_>,
        mut keeps: impl FnMut(&SpanView<'_>) -> bool,
    ) -> Result<(), DecodeError> {
        for resource in request.resources() {
            let resource = resource?;
            for scope in resource.scopes() {
                let scope = scope?;
                let mut section = None;
                for span in scope.spans() {
                    let span = span?;
                    if keeps(&span) {
                        let section = match section {
                            Some(section) => section,
                            None => *section.insert(self.section_of(resource, scope)?),
                        };
                        self.push(section, span);
                    }
                }
            }
        }
        Ok(())
    }

    /// Returns the batch, and leaves the builder empty. Returns `None` if there is no span.
    pub fn finish(&mut self) -> Option<Batch> {
        let (resources, sections) = (std::mem::take(&mut self.resources), std::mem::take(&mut self.sections));
        let (len, spans) = (std::mem::take(&mut self.len), std::mem::take(&mut self.spans));
        self.last = None;
        if spans == 0 {
            return None;
        }
        let mut of_resource: Vec<Vec<&Part>> = resources.iter().map(|_| Vec::new()).collect();
        for part in sections.iter().filter(|part| !part.spans.is_empty()) {
            of_resource[part.resource].push(part);
        }
        let mut request = Vec::with_capacity(len + 16 * (resources.len() + sections.len()));
        for (resource, parts) in resources.iter().zip(&of_resource).filter(|(_, parts)| !parts.is_empty()) {
            let scopes: usize = parts.iter().map(|part| wire::field_len(part.len())).sum();
            put_header(&mut request, 1, resource.head.len() + scopes);
            request.extend_from_slice(&resource.head);
            for part in parts {
                put_header(&mut request, 2, part.len());
                request.extend_from_slice(&part.head);
                request.extend_from_slice(&part.spans);
            }
        }
        Some(Batch::new(request.into(), spans))
    }
}

/// Writes the tag and the length of a field whose content follows.
fn put_header(out: &mut Vec<u8>, field: u8, len: usize) {
    let mut rest = len as u64;
    out.push(wire::length_tag(field));
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}
