//! The stage that lints the spans of batches.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hasher};
use std::time::Instant;

use foldhash::fast::RandomState;

use super::attributes::MAX_BYTES;
use super::finding::LintFinding;
use super::lint;
use super::settings::{Level, Lint};
use crate::diagnostics::{self, Topic};
use crate::naming::template_name;
use crate::pipeline::view::SpanView;
use crate::pipeline::{Batch, BatchBuilder, ExportError, Exported, Exporter};
use crate::redaction;
use crate::span::data::{DecodeError, FinishedSpan};
use crate::wire::Fields;

/// The maximum number of shapes of spans that are checked.
const MAX_SHAPES: usize = 4096;
/// The maximum number of findings that are logged.
const MAX_LOGGED: usize = 100;

/// An exporter that lints spans before it passes them on.
///
/// Each shape of span is checked once: a name with the keys and types of its attributes.
#[derive(Debug)]
pub(super) struct Linted<E> {
    pub(super) lint: Lint,
    /// The resource of all spans, as an encoded field of `ResourceSpans`.
    pub(super) resource: Vec<u8>,
    pub(super) seen: Seen,
    pub(super) exporter: E,
}

/// What was checked and found, as hashes.
#[derive(Debug, Default)]
pub(super) struct Seen {
    state: RandomState,
    shapes: HashSet<u64>,
    findings: HashSet<u64>,
    logged: usize,
}

impl<E: Exporter> Linted<E> {
    /// Returns the spans of new shapes. The batch is not copied, as it may be large.
    fn new_shapes(&mut self, batch: &Batch) -> Result<Vec<FinishedSpan>, DecodeError> {
        let seen = &mut self.seen;
        let mut builder = BatchBuilder::new();
        let section = builder.section(&self.resource, &[]);
        // No span is accepted, so all are visited. Malformed ones are left to the exporter.
        batch.any_span(|span| {
            let span = SpanView::new(span);
            if let Ok(shape) = seen.shape(span)
                && seen.is_new(shape)
            {
                seen.shapes.insert(shape);
                builder.push(section, span);
            }
            false
        })?;
        builder.finish().map_or(Ok(Vec::new()), |batch| batch.decode().map(FinishedSpan::flatten))
    }

    fn report(&mut self, finding: LintFinding) {
        // Names with identifiers differ per request, and each would be a finding of its own.
        let name = template_name(&finding.span);
        let mut hasher = self.seen.state.build_hasher();
        hasher.write(name.as_bytes());
        hasher.write(finding.key.as_deref().unwrap_or_default().as_bytes());
        hasher.write(finding.problem.name().as_bytes());
        if !self.seen.findings.insert(hasher.finish()) || !self.lint.add(finding.clone()) {
            return;
        }
        self.seen.logged += 1;
        if self.seen.logged > MAX_LOGGED {
            return;
        }
        let message = redaction::redacted_by_default(&finding.to_string());
        match self.lint.level {
            Level::Error => diagnostics::error(Topic::Lint, &message),
            Level::Warning => diagnostics::warn(Topic::Lint, &message),
            Level::Off => {}
        }
    }
}

impl Seen {
    fn is_new(&self, shape: u64) -> bool {
        self.shapes.len() < MAX_SHAPES && !self.shapes.contains(&shape)
    }

    /// Returns a hash of what the lint looks at: the name, and the keys, types and rough sizes of the attributes.
    fn shape(&self, span: SpanView<'_>) -> Result<u64, DecodeError> {
        let mut hasher = self.state.build_hasher();
        let mut fields = Fields::of(span.bytes());
        while let Some((number, field)) = fields.next()? {
            match number {
                5 => hasher.write(field.bytes()?),
                // An event begins with its time, which differs.
                11 => hasher.write_u8(11),
                _ => {}
            }
        }
        for attribute in span.attributes() {
            let (key, value) = attribute?.parts()?;
            hasher.write(key);
            hasher.write_u8(value.first().copied().unwrap_or_default());
            hasher.write_u8(u8::from(value.len() > MAX_BYTES));
        }
        for event in span.events() {
            for attribute in event?.attributes() {
                hasher.write(attribute?.parts()?.0);
            }
        }
        Ok(hasher.finish())
    }
}

impl<E: Exporter> Exporter for Linted<E> {
    fn export(&mut self, batch: &Batch, deadline: Instant) -> Result<Exported, ExportError> {
        let spans = self.new_shapes(batch).unwrap_or_default();
        for finding in lint(&spans) {
            self.report(finding);
        }
        self.exporter.export(batch, deadline)
    }

    crate::pipeline::forward_exporter!();
}
