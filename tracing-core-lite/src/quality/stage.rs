//! The stage that examines batches.

use std::time::Instant;

use opentelemetry::trace::{SpanId, SpanKind};

use super::history::{Ended, History};
use super::live_quality::{FILE, LINE, LiveQuality};
use super::report::{Example, Issue};
use super::usual::Usual;
use crate::pipeline::view::{RequestView, SpanHead, SpanView, ValueView};
use crate::pipeline::{Batch, ExportError, ExportResponse, Exported, Exporter, PipelineStats};
use crate::span::data::DecodeError;

/// The attributes that name the peer of a server or consumer, the most specific first.
const PEERS: [&str; 4] =
    ["client.address", "network.peer.address", "messaging.destination.name", "server.address"];
/// The attribute of spans whose sender is not trusted, so that its context is not used.
const BOUNDARY: &str = "tracing_suite.boundary.policy";

/// An exporter that looks for broken context in the spans that it passes on, unchanged. [`LiveQuality::wrap`] creates it.
#[derive(Debug)]
pub struct QualityStage<E> {
    quality: LiveQuality,
    history: History,
    requests: Usual,
    others: Usual,
    exporter: E,
}

impl LiveQuality {
    /// Returns an exporter that examines spans and passes them on to `exporter`.
    ///
    /// [`TracerProviderBuilder::with_live_quality`](crate::TracerProviderBuilder::with_live_quality) does this for a provider.
    #[must_use]
    pub fn wrap<E: Exporter>(self, exporter: E) -> QualityStage<E> {
        QualityStage {
            quality: self,
            history: History::default(),
            requests: Usual::default(),
            others: Usual::default(),
            exporter,
        }
    }
}

impl<E> QualityStage<E> {
    /// Examines the spans of a batch. A batch is not sorted, so all its spans are added before any is judged.
    fn examine(&mut self, batch: &Batch) -> Result<(), DecodeError> {
        let mut spans = 0;
        each_span(batch, |_, head| {
            spans += 1;
            let parent = if head.is_local_root() { SpanId::INVALID } else { head.parent_span_id };
            let ended = Ended { parent, end: head.end_time_unix_nano };
            self.history.add((head.trace_id, head.span_id), ended);
            Ok(())
        })?;
        self.quality.examined(spans);
        each_span(batch, |span, head| self.judge(span, head))
    }

    fn judge(&mut self, span: SpanView<'_>, head: &SpanHead<'_>) -> Result<(), DecodeError> {
        match head.kind() {
            SpanKind::Server | SpanKind::Consumer if head.is_local_root() => self.judge_request(span, head),
            SpanKind::Server | SpanKind::Consumer => Ok(()),
            SpanKind::Internal | SpanKind::Client | SpanKind::Producer => {
                self.judge_context(span, head)?;
                self.judge_times(head)
            }
        }
    }

    /// Judges the first span of a request or a message.
    fn judge_request(&mut self, span: SpanView<'_>, head: &SpanHead<'_>) -> Result<(), DecodeError> {
        let mut peer = None;
        for key in PEERS {
            if let Some(ValueView::Str(value)) = span.attribute(key)? {
                peer = Some(value);
                break;
            }
        }
        let Some(peer) = peer else { return Ok(()) };
        let name = head.name()?;
        if self.requests.lacks_parent((peer, name), !head.is_root()) && span.attribute(BOUNDARY)?.is_none() {
            self.quality.add(Issue::MissingParent, || example(head, name, format!("peer {peer}")));
        }
        Ok(())
    }

    /// Judges whether a span has the parent that such spans usually have.
    fn judge_context(&mut self, span: SpanView<'_>, head: &SpanHead<'_>) -> Result<(), DecodeError> {
        let name = head.name()?;
        let kind = match head.kind() {
            SpanKind::Client => "client",
            SpanKind::Producer => "producer",
            _ => "internal",
        };
        if self.others.lacks_parent((kind, name), !head.is_root()) {
            let file = span.attribute(FILE)?;
            let line = span.attribute(LINE)?;
            let evidence = match (file, line) {
                (Some(ValueView::Str(file)), Some(ValueView::Int(line))) => {
                    format!("started at {file}:{line}")
                }
                _ => format!("kind {kind}"),
            };
            self.quality.add(Issue::LostContext, || example(head, name, evidence));
        }
        Ok(())
    }

    /// Judges the times of a span against those of its parent and its local root.
    fn judge_times(&self, head: &SpanHead<'_>) -> Result<(), DecodeError> {
        if head.is_local_root() {
            return Ok(());
        }
        let Some(parent) = self.history.get((head.trace_id, head.parent_span_id)) else { return Ok(()) };
        let name = head.name()?;
        if head.start_time_unix_nano > parent.end {
            let late = milliseconds(head.start_time_unix_nano - parent.end);
            self.quality.add(Issue::OutlivedSpan, || {
                example(
                    head,
                    name,
                    format!("started {late} ms after the end of span {}", head.parent_span_id),
                )
            });
            return Ok(());
        }
        let root_end = self.history.root_end(head.trace_id, parent).unwrap_or(u64::MAX);
        if head.end_time_unix_nano > root_end {
            let late = milliseconds(head.end_time_unix_nano - root_end);
            self.quality.add(Issue::EndedAfterRoot, || example(head, name, format!("ended {late} ms late")));
        }
        Ok(())
    }
}

fn example(head: &SpanHead<'_>, name: &str, evidence: String) -> Example {
    Example { trace_id: head.trace_id, span_id: head.span_id, name: name.to_owned(), evidence }
}

#[allow(clippy::cast_precision_loss, reason = "for people")]
fn milliseconds(nanos: u64) -> String {
    format!("{:.3}", nanos as f64 / 1e6)
}

/// Calls `visit` with each span of a batch.
fn each_span(
    batch: &Batch,
    mut visit: impl FnMut(SpanView<'_>, &SpanHead<'_>) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    for resource in RequestView::new(batch.request()).resources() {
        for scope in resource?.scopes() {
            for span in scope?.spans() {
                let span = span?;
                visit(span, &span.head()?)?;
            }
        }
    }
    Ok(())
}

impl<E: Exporter> Exporter for QualityStage<E> {
    fn export(&mut self, batch: &Batch, deadline: Instant) -> Result<Exported, ExportError> {
        let result = self.exporter.export(batch, deadline);
        // A batch that is sent again is examined once. Malformed spans are the exporter's to reject.
        if !matches!(result, Err(ExportError::Retryable { .. })) {
            let _malformed = self.examine(batch);
        }
        result
    }

    fn flush(&mut self, deadline: Instant) -> Result<(), ExportError> {
        self.exporter.flush(deadline)
    }

    fn shutdown(&mut self, deadline: Instant) -> Result<(), ExportError> {
        self.exporter.shutdown(deadline)
    }

    fn destination(&self) -> Option<&str> {
        self.exporter.destination()
    }

    fn is_unreachable(&self) -> bool {
        self.exporter.is_unreachable()
    }

    fn judges_unsampled(&self) -> bool {
        self.exporter.judges_unsampled()
    }

    fn attributes_read(&self) -> Vec<String> {
        let mut read = self.exporter.attributes_read();
        read.extend([FILE, LINE].map(str::to_owned));
        read
    }

    fn component_type(&self) -> &'static str {
        self.exporter.component_type()
    }

    fn last_response(&self) -> ExportResponse {
        self.exporter.last_response()
    }

    fn count_into(&mut self, stats: &PipelineStats) -> bool {
        self.exporter.count_into(stats)
    }
}
