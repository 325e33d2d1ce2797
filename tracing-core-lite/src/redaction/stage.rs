//! The stage that applies the rules to batches.

use std::time::Instant;

use super::rewrite::{Redacted, Rewriter};
use super::rules::Redaction;
use crate::pipeline::view::{RequestView, ResourceView, ScopeView, SpanView};
use crate::pipeline::{Batch, BatchBuilder, ExportError, Exported, Exporter};
use crate::span::data::DecodeError;

/// An exporter that removes secrets from spans before it passes them on. [`Redaction::wrap`] creates it.
///
/// It runs on the export thread. Batches without a secret are passed on as they are.
#[derive(Debug)]
pub struct Redacting<E> {
    rules: Redaction,
    exporter: E,
}

impl Redaction {
    /// Returns an exporter that applies these rules and passes the spans on to `exporter`.
    ///
    /// [`TracerProviderBuilder::with_redaction`](crate::TracerProviderBuilder::with_redaction) does this for a provider.
    #[must_use]
    pub fn wrap<E: Exporter>(self, exporter: E) -> Redacting<E> {
        Redacting { rules: self, exporter }
    }
}

impl<E: Exporter> Redacting<E> {
    /// Returns the batch without its secrets, and what was redacted. Returns `None` if it has none.
    fn redacted(&self, batch: &Batch) -> Result<Option<(Batch, Vec<Redacted>)>, DecodeError> {
        if self.rules.off || !batch.slices().any(|slice| self.rules.may_apply(slice)) {
            return Ok(None);
        }
        let mut pass = Pass {
            rewriter: Rewriter { rules: &self.rules, found: Vec::new() },
            builder: BatchBuilder::new(),
        };
        for resource in RequestView::new(batch.request()).resources() {
            pass.resource(resource?)?;
        }
        let found = pass.rewriter.found;
        if found.is_empty() {
            return Ok(None);
        }
        Ok(pass.builder.finish().map(|batch| (batch, found)))
    }
}

/// One pass over a request.
struct Pass<'r> {
    rewriter: Rewriter<'r>,
    builder: BatchBuilder,
}

impl Pass<'_> {
    fn resource(&mut self, resource: ResourceView<'_>) -> Result<(), DecodeError> {
        let mut head = Vec::new();
        resource.put_head(&mut head)?;
        let head = self.rewriter.resource_head(&head)?.unwrap_or(head);
        for scope in resource.scopes() {
            self.scope(&head, scope?)?;
        }
        Ok(())
    }

    fn scope(&mut self, resource: &[u8], scope: ScopeView<'_>) -> Result<(), DecodeError> {
        let mut head = Vec::new();
        scope.put_head(&mut head)?;
        let head = self.rewriter.scope_head(&head)?.unwrap_or(head);
        let section = self.builder.section(resource, &head);
        for span in scope.spans() {
            let span = span?;
            let applies = self.rewriter.rules.may_apply(span.bytes());
            match if applies { self.rewriter.span(span.bytes())? } else { None } {
                Some(redacted) => self.builder.push(section, SpanView::new(&redacted)),
                None => self.builder.push(section, span),
            }
        }
        Ok(())
    }
}

impl<E: Exporter> Exporter for Redacting<E> {
    fn export(&mut self, batch: &Batch, deadline: Instant) -> Result<Exported, ExportError> {
        match self.redacted(batch) {
            Ok(None) => self.exporter.export(batch, deadline),
            Ok(Some((redacted, found))) => {
                let result = self.exporter.export(&redacted, deadline);
                // A batch that is sent again is redacted again, but counted once.
                if !matches!(result, Err(ExportError::Retryable { .. })) {
                    self.rules.counts().add(&found);
                }
                result
            }
            // Malformed batches cannot be redacted, so they are not sent.
            Err(error) => Err(ExportError::Permanent {
                reason: format!("spans could not be read for redaction: {error}"),
            }),
        }
    }

    crate::pipeline::forward_exporter!();
}
