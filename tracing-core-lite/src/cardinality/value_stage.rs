//! The stage that counts the values of batches.

use std::time::Instant;

use super::pace::Pace;
use super::report;
use super::series::{Seen, Series};
use super::stage::{changed, name};
use super::value_limits::{ValueAction, ValueLimits};
use crate::pipeline::view::{RequestView, SpanEdit, SpanView};
use crate::pipeline::{Batch, ExportError, Exported, Exporter};
use crate::span::data::DecodeError;

/// An exporter that counts the distinct values of attributes before it passes spans on. [`ValueLimits::wrap`] creates it.
///
/// It runs on the export thread, and its memory is bounded: at most 1.3 MB, and 1.8 MB more if keys have an action.
#[derive(Debug)]
pub struct BoundedValues<E> {
    limits: ValueLimits,
    series: Series,
    pace: Pace,
    exporter: E,
}

impl ValueLimits {
    /// Returns an exporter that applies these bounds and passes the spans on to `exporter`.
    ///
    /// [`TracerProviderBuilder::with_value_limits`](crate::TracerProviderBuilder::with_value_limits) does this for a provider.
    #[must_use]
    pub fn wrap<E: Exporter>(self, exporter: E) -> BoundedValues<E> {
        let now = Instant::now();
        BoundedValues { limits: self, series: Series::new(now), pace: Pace::new(now), exporter }
    }
}

/// The spans of a batch whose values change, and how many values do.
#[derive(Debug, Default)]
struct Changes {
    spans: Vec<(usize, SpanEdit)>,
    dropped: u64,
    hashed: u64,
}

impl<E: Exporter> BoundedValues<E> {
    /// Counts the values of a batch. Returns the changes to it.
    fn count(&mut self, batch: &Batch) -> Result<Changes, DecodeError> {
        let mut changes = Changes::default();
        if !self.limits.has_actions() {
            // No span is accepted, so all are visited.
            batch.any_span(|span| self.count_span(SpanView::new(span), &mut changes).is_err())?;
            return Ok(changes);
        }
        let mut index = 0;
        for resource in RequestView::new(batch.request()).resources() {
            for scope in resource?.scopes() {
                for span in scope?.spans() {
                    let edit = self.count_span(span?, &mut changes)?;
                    changes.spans.extend(edit.map(|edit| (index, edit)));
                    index += 1;
                }
            }
        }
        Ok(changes)
    }

    /// Counts the values of a span. Returns the change to it, if a value must not be exported.
    fn count_span(
        &mut self,
        span: SpanView<'_>,
        changes: &mut Changes,
    ) -> Result<Option<SpanEdit>, DecodeError> {
        let name = name(span)?;
        let name_hash = self.series.hash(name);
        let mut edit: Option<SpanEdit> = None;
        for attribute in span.attributes() {
            let (key, value) = attribute?.parts()?;
            let pair = name_hash ^ self.series.hash(key).rotate_left(32);
            let value_hash = self.series.hash(value);
            let action = if self.limits.has_actions() { self.action(key) } else { None };
            let seen = match action {
                Some(_) => self.series.admit(pair, value_hash, self.limits.bound(text(key))),
                None => {
                    let limits = &self.limits;
                    self.series.count(pair, value_hash, || {
                        let key = text(key);
                        if limits.is_allowed(key) { u64::MAX } else { limits.bound(key) }
                    })
                }
            };
            if seen == Seen::Exceeds {
                report::values(&self.limits, name, text(key), value);
            }
            if let (Some(action), Seen::Beyond | Seen::Exceeds) = (action, seen) {
                let edit = edit.get_or_insert_default();
                match action {
                    ValueAction::Drop => {
                        edit.remove_attribute(text(key));
                        changes.dropped += 1;
                    }
                    ValueAction::Hash => {
                        edit.set_attribute(text(key), format!("hash:{:02x}", stable_hash(value)).as_str());
                        changes.hashed += 1;
                    }
                }
            }
        }
        Ok(edit)
    }

    fn action(&self, key: &[u8]) -> Option<ValueAction> {
        self.limits.action(text(key))
    }
}

/// Returns the key, or an empty text if it is not UTF-8, which no setting matches.
fn text(key: &[u8]) -> &str {
    std::str::from_utf8(key).unwrap_or_default()
}

/// Returns one of 256 hashes, which is the same in every process and version (FNV-1a, folded to a byte).
fn stable_hash(value: &[u8]) -> u8 {
    let hash = value.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash.to_le_bytes().into_iter().fold(0, |folded, byte| folded ^ byte)
}

impl<E: Exporter> Exporter for BoundedValues<E> {
    fn export(&mut self, batch: &Batch, deadline: Instant) -> Result<Exported, ExportError> {
        let now = Instant::now();
        if self.limits.off || !self.limits.has_actions() && !self.pace.takes(batch.span_count(), now) {
            return self.exporter.export(batch, deadline);
        }
        self.series.begin(self.limits.window, now);
        // Malformed spans are passed on unchanged, and the exporter rejects them.
        let changes = self.count(batch).unwrap_or_default();
        let bounded =
            if changes.spans.is_empty() { Ok(None) } else { changed(batch.request(), &changes.spans) };
        let result = self.exporter.export(bounded.ok().flatten().as_ref().unwrap_or(batch), deadline);
        let is_sent_again = matches!(result, Err(ExportError::Retryable { .. }));
        self.limits.counts().update(|stats| {
            stats.counted = self.series.counted();
            stats.not_counted = self.series.not_counted();
            stats.memory = self.series.memory();
            if !is_sent_again {
                stats.dropped += changes.dropped;
                stats.hashed += changes.hashed;
            }
        });
        result
    }

    crate::pipeline::forward_exporter!();
}
