//! The stage that applies the bounds to batches.

use std::borrow::Cow;
use std::time::Instant;

use super::limits::NameLimits;
use super::report;
use super::seen::{Seen, Verdict};
use crate::naming::template_name;
use crate::pipeline::view::{RequestView, SpanEdit, SpanView};
use crate::pipeline::{Batch, BatchBuilder, ExportError, Exported, Exporter};
use crate::span::data::DecodeError;
use crate::wire::Fields;

/// The attribute with the name that the span had.
const ORIGINAL_NAME: &str = "tracing_suite.name.original";
/// The maximum length of the original name in the attribute, in characters.
const ORIGINAL_LEN: usize = 120;
/// The name of spans beyond the bounds that have no template.
const OTHER: &str = "other";

/// Attributes of spans whose names come from a bounded set.
const NAMED_BY: &[&str] = &[
    "http.route",
    "url.template",
    "rpc.method",
    "messaging.destination.name",
    "messaging.destination.template",
    "db.query.summary",
];

/// An exporter that bounds the number of distinct span names before it passes spans on. [`NameLimits::wrap`] creates it.
///
/// It runs on the export thread. Its memory is bounded by the limits: it keeps a hash of each name.
#[derive(Debug)]
pub struct BoundedNames<E> {
    limits: NameLimits,
    seen: Seen,
    reported: bool,
    exporter: E,
}

/// The spans of a batch whose names change: how many spans are before it, and the new name.
type Changes = Vec<(usize, SpanEdit)>;

/// The spans with changed names.
#[derive(Debug, Default, Clone, Copy)]
struct Folded {
    templated: u64,
    other: u64,
}

impl NameLimits {
    /// Returns an exporter that applies these bounds and passes the spans on to `exporter`.
    ///
    /// [`TracerProviderBuilder::with_name_limits`](crate::TracerProviderBuilder::with_name_limits) does this for a provider.
    #[must_use]
    pub fn wrap<E: Exporter>(self, exporter: E) -> BoundedNames<E> {
        let seen = Seen::new(&self, Instant::now());
        BoundedNames { limits: self, seen, reported: false, exporter }
    }
}

impl<E: Exporter> BoundedNames<E> {
    /// Returns the batch with bounded names, or `None` if it stays as it is, which is found out without a copy.
    fn bounded(&mut self, batch: &Batch, folded: &mut Folded) -> Result<Option<Batch>, DecodeError> {
        let exceeds = |span: &[u8]| !self.admits(SpanView::new(span)).unwrap_or(true);
        if !batch.any_span(exceeds)? {
            return Ok(None);
        }
        let changes = self.judge(batch.request(), folded)?;
        if changes.is_empty() { Ok(None) } else { changed(batch.request(), &changes) }
    }

    /// Returns whether the name of `span` is known or within the bounds. Then it is known from now on.
    #[inline]
    fn admits(&mut self, span: SpanView<'_>) -> Result<bool, DecodeError> {
        match self.seen.look_up(name(span)?) {
            Verdict::Known => Ok(true),
            Verdict::New(hash) => Ok(self.seen.admit(hash, is_named_by_convention(span)?, &self.limits)),
        }
    }

    /// Returns the changes that the limits require.
    fn judge(&mut self, request: &[u8], folded: &mut Folded) -> Result<Changes, DecodeError> {
        let mut changes = Changes::new();
        let mut index = 0;
        for resource in RequestView::new(request).resources() {
            for scope in resource?.scopes() {
                for span in scope?.spans() {
                    let span = span?;
                    if !self.admits(span)? {
                        changes.push((index, self.fold(span, folded)?));
                    }
                    index += 1;
                }
            }
        }
        Ok(changes)
    }

    /// Returns the change for a name beyond the bounds.
    fn fold(&mut self, span: SpanView<'_>, folded: &mut Folded) -> Result<SpanEdit, DecodeError> {
        let original = String::from_utf8_lossy(name(span)?);
        let template = template_name(&original);
        let has_template =
            matches!(template, Cow::Owned(_)) && self.seen.admit_template(&template, &self.limits);
        let mut edit = SpanEdit::new();
        if has_template {
            folded.templated += 1;
            edit.set_name(&*template);
        } else {
            folded.other += 1;
            edit.set_name(OTHER);
        }
        let shortened: String = original.chars().take(ORIGINAL_LEN).collect();
        edit.set_attribute(ORIGINAL_NAME, shortened.as_str());
        self.report(&shortened);
        Ok(edit)
    }

    /// Reports the first name beyond the bounds.
    fn report(&mut self, example: &str) {
        if !std::mem::replace(&mut self.reported, true) {
            report::name(self.limits.names, example, OTHER);
        }
    }
}

/// Returns whether the name of a span comes from a bounded set.
fn is_named_by_convention(span: SpanView<'_>) -> Result<bool, DecodeError> {
    for attribute in span.attributes() {
        let (key, _) = attribute?.parts()?;
        if NAMED_BY.iter().any(|named| named.as_bytes() == key) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns the name of an encoded span.
#[inline]
pub(super) fn name(span: SpanView<'_>) -> Result<&[u8], DecodeError> {
    let mut fields = Fields::of(span.bytes());
    while let Some((number, field)) = fields.next()? {
        if number == 5 {
            return Ok(field.bytes()?);
        }
    }
    Ok(&[])
}

/// Returns the batch with these changes.
pub(super) fn changed(request: &[u8], changes: &[(usize, SpanEdit)]) -> Result<Option<Batch>, DecodeError> {
    let mut builder = BatchBuilder::new();
    let mut changes = changes.iter().peekable();
    let mut index = 0;
    for resource in RequestView::new(request).resources() {
        let resource = resource?;
        for scope in resource.scopes() {
            let scope = scope?;
            let section = builder.section_of(resource, scope)?;
            for span in scope.spans() {
                match changes.next_if(|(at, _)| *at == index) {
                    Some((_, edit)) => builder.push_edited(section, span?, edit)?,
                    None => builder.push(section, span?),
                }
                index += 1;
            }
        }
    }
    Ok(builder.finish())
}

impl<E: Exporter> Exporter for BoundedNames<E> {
    fn export(&mut self, batch: &Batch, deadline: Instant) -> Result<Exported, ExportError> {
        if self.limits.off {
            return self.exporter.export(batch, deadline);
        }
        self.seen.begin(&self.limits, Instant::now());
        let mut folded = Folded::default();
        let result = match self.bounded(batch, &mut folded) {
            Ok(Some(bounded)) => self.exporter.export(&bounded, deadline),
            // Malformed spans are passed on unchanged, and the exporter rejects them.
            Ok(None) | Err(_) => self.exporter.export(batch, deadline),
        };
        // A batch that is sent again is counted once.
        if matches!(result, Err(ExportError::Retryable { .. })) {
            folded = Folded::default();
        }
        self.limits.counts().update(self.seen.len(), folded.templated, folded.other);
        result
    }

    crate::pipeline::forward_exporter!();
}
