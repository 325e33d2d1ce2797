//! Writes kept spans to batches.

use tracing_core_lite::pipeline::Section;
use tracing_core_lite::pipeline::view::{SpanEdit, SpanHead, SpanView};
use tracing_core_lite::sampling::consistent::Threshold;

use super::state::Shard;
use super::units::Spans;
use crate::tail::cache::Kept;
use crate::tail::facts::{Facts, LIMIT};
use crate::tail::plan::NewThreshold;

/// The attribute of kept spans that names the policy.
pub(crate) const POLICY_ATTRIBUTE: &str = "tracing_suite.sampling.policy";

/// A batch is complete at this many bytes, so that receivers accept it.
const MOST_BYTES: usize = 2 << 20;

impl Shard {
    /// Writes one span.
    pub(super) fn emit_span(
        &mut self,
        section: Section,
        head: &SpanHead<'_>,
        span: SpanView<'_>,
        kept: &Kept,
    ) {
        let mut edit = SpanEdit::new();
        if let Some(policy) = &kept.policy {
            edit.set_attribute(POLICY_ATTRIBUTE, &**policy);
        }
        if let (Some(threshold), Ok(trace_state)) = (kept.threshold, head.trace_state()) {
            let own = || {
                let mut facts = Facts::default();
                facts.add(head, 0);
                facts.threshold
            };
            let threshold = match threshold {
                NewThreshold::Always => 0,
                NewThreshold::AtLeast(least) if trace_state.is_empty() => least,
                NewThreshold::AtLeast(least) => least.max(own()),
            };
            if let Some(threshold) = to_threshold(threshold) {
                edit.set_threshold(trace_state, threshold);
            }
        }
        // The span was parsed when it arrived, so it is well-formed.
        let _ = self.out.push_edited(section, span, &edit);
        if self.out.span_count() >= self.settings.max_export_batch_size
            || self.out.request_len() >= MOST_BYTES
        {
            self.ready.extend(self.out.finish());
        }
    }

    /// Writes all `spans`. `heads` are the scopes of their trace.
    pub(super) fn emit(&mut self, spans: &Spans, heads: &[u32], kept: &Kept) {
        for stored in &spans.list {
            let span = SpanView::new(&spans.bytes[stored.from..stored.to]);
            let Some(scope) = heads.get(stored.head).and_then(|number| self.heads.get(*number)) else {
                continue;
            };
            let section = self.out.section(scope.resource(), scope.scope());
            if let Ok(head) = span.head() {
                self.emit_span(section, &head, span, kept);
            }
        }
    }
}

fn to_threshold(threshold: u64) -> Option<Threshold> {
    if threshold >= LIMIT {
        return None;
    }
    Threshold::parse(&format!("{threshold:014x}"))
}
