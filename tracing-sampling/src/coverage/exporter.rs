//! An exporter that counts what it exports.

use std::sync::Arc;
use std::time::Instant;

use tracing_core_lite::opentelemetry::trace::SpanId;
use tracing_core_lite::pipeline::view::{RequestView, ResourceView, SpanHead, SpanView, ValueView};
use tracing_core_lite::pipeline::{Batch, ExportError, ExportResponse, Exported, Exporter, PipelineStats};
use tracing_core_lite::sampling::consistent::{OT, OtTraceState, Threshold};
use tracing_core_lite::span::data::DecodeError;

use super::Coverage;
use super::sampler::UNNAMED;
use crate::attribute::POLICY;

/// `SpanFlags`: the parent is remote.
const IS_REMOTE: u32 = 0x200;

impl Coverage {
    /// Wraps an exporter, and counts the spans that it exports. Behind a [tail](crate::tail), these are the kept spans.
    #[must_use]
    pub fn exporter<E: Exporter>(&self, exporter: E) -> CoverageExporter<E> {
        CoverageExporter::new(exporter, self.clone())
    }

    /// Counts the spans of an encoded `ExportTraceServiceRequest` of any service.
    ///
    /// # Errors
    /// Returns an error if the bytes are malformed. The spans before the error are counted.
    pub fn add_request(&self, request: &[u8]) -> Result<(), DecodeError> {
        read(self, RequestView::new(request))
    }
}

/// An exporter that counts the spans that it passes on; created by [`Coverage::exporter`].
///
/// It counts a batch once it was exported, so that a batch that is repeated after a failure is not counted twice.
#[derive(Debug)]
pub struct CoverageExporter<E> {
    inner: E,
    coverage: Coverage,
}

impl<E: Exporter> CoverageExporter<E> {
    pub(super) fn new(inner: E, coverage: Coverage) -> Self {
        Self { inner, coverage }
    }
}

impl<E: Exporter> Exporter for CoverageExporter<E> {
    fn export(&mut self, batch: &Batch, deadline: Instant) -> Result<Exported, ExportError> {
        let exported = self.inner.export(batch, deadline)?;
        if let Err(error) = self.coverage.add_request(batch.request()) {
            tracing::debug!(%error, "a batch was not counted");
        }
        Ok(exported)
    }

    fn flush(&mut self, deadline: Instant) -> Result<(), ExportError> {
        self.inner.flush(deadline)
    }

    fn shutdown(&mut self, deadline: Instant) -> Result<(), ExportError> {
        self.inner.shutdown(deadline)
    }

    fn destination(&self) -> Option<&str> {
        self.inner.destination()
    }

    fn attributes_read(&self) -> Vec<String> {
        self.inner.attributes_read()
    }

    fn component_type(&self) -> &'static str {
        self.inner.component_type()
    }

    fn last_response(&self) -> ExportResponse {
        self.inner.last_response()
    }

    fn is_unreachable(&self) -> bool {
        self.inner.is_unreachable()
    }

    fn judges_unsampled(&self) -> bool {
        self.inner.judges_unsampled()
    }

    fn count_into(&mut self, stats: &PipelineStats) -> bool {
        self.inner.count_into(stats)
    }
}

/// Counts the spans of a request.
fn read(coverage: &Coverage, request: RequestView<'_>) -> Result<(), DecodeError> {
    for resource in request.resources() {
        let resource = resource?;
        let service = service_name(&resource)?;
        for scope in resource.scopes() {
            for span in scope?.spans() {
                add(coverage, &service, &span?)?;
            }
        }
    }
    Ok(())
}

fn add(coverage: &Coverage, service: &Arc<str>, span: &SpanView<'_>) -> Result<(), DecodeError> {
    let head = span.head()?;
    let threshold = threshold(head.trace_state()?);
    if let Some(threshold) = threshold {
        coverage.agreement().add(head.trace_id, service, threshold);
    }
    if is_local_root(&head) {
        let policy = match span.attribute(POLICY)? {
            Some(ValueView::Str(policy)) => policy,
            _ => UNNAMED,
        };
        coverage.table().policy(service, head.name()?, policy).exported.add(threshold);
    }
    Ok(())
}

/// Returns whether the span has no parent in its own process.
fn is_local_root(head: &SpanHead<'_>) -> bool {
    head.parent_span_id == SpanId::INVALID || head.flags & IS_REMOTE != 0
}

fn threshold(trace_state: &str) -> Option<Threshold> {
    let mut members = trace_state.split(',').filter_map(|member| member.trim().split_once('='));
    let (_, member) = members.find(|(key, _)| *key == OT)?;
    OtTraceState::read(member).threshold()
}

fn service_name(resource: &ResourceView<'_>) -> Result<Arc<str>, DecodeError> {
    for attribute in resource.attributes()? {
        let attribute = attribute?;
        if attribute.key()? == "service.name"
            && let ValueView::Str(name) = attribute.value()?
        {
            return Ok(Arc::from(name));
        }
    }
    Ok(Arc::from(""))
}
