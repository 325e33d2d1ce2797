//! Shows which policy would keep each trace.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use tracing_core_lite::opentelemetry::trace::TraceId;
use tracing_core_lite::pipeline::BatchBuilder;
use tracing_core_lite::pipeline::view::RequestView;
use tracing_core_lite::span::data::DecodeError;
use tracing_sampling::tail::{PlanError, TailBuffer, TailSettings};

/// What would happen to one trace.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// The trace.
    pub trace_id: TraceId,
    /// The number of its spans.
    pub spans: u64,
    /// Whether it would be kept.
    pub kept: bool,
    /// The policy that decides.
    pub by: Option<String>,
    /// All policies that match.
    pub matched: Vec<String>,
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = if self.kept { "kept" } else { "dropped" };
        write!(f, "{} {outcome} ({} spans)", self.trace_id, self.spans)?;
        match &self.by {
            Some(policy) => write!(f, " by {policy:?}")?,
            None => f.write_str(": no policy keeps it")?,
        }
        if !self.matched.is_empty() {
            write!(f, "; matched by {}", self.matched.join(", "))?;
        }
        Ok(())
    }
}

/// The spans cannot be explained.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExplainError {
    /// The spans are neither OTLP as JSON nor protobuf.
    #[error("the spans are neither OTLP as JSON, one request per line, nor protobuf: {0}")]
    Spans(String),
    /// A policy is invalid.
    #[error(transparent)]
    Policy(#[from] PlanError),
}

impl From<DecodeError> for ExplainError {
    fn from(error: DecodeError) -> Self {
        Self::Spans(error.to_string())
    }
}

/// Returns what `settings` would decide about each trace of `spans`: an encoded request, or requests as JSON, one per line.
///
/// # Errors
/// Returns an error if the spans cannot be read or a policy is invalid.
pub fn explain(settings: &TailSettings, spans: &[u8]) -> Result<Vec<Explanation>, ExplainError> {
    let mut traces: BTreeMap<TraceIdKey, BatchBuilder> = BTreeMap::new();
    for request in requests(spans)? {
        let mut result = Ok(());
        RequestView::new(&request).each_span(|resource, scope, span| {
            let added = span.head().and_then(|head| {
                traces.entry(head.trace_id.to_bytes()).or_default().push_of(resource, scope, span)
            });
            if let Err(error) = added {
                result = Err(error);
            }
        })?;
        result?;
    }
    let mut buffer = TailBuffer::new(settings.clone())?;
    let mut explained = Vec::new();
    for (trace_id, mut builder) in traces {
        let Some(batch) = builder.finish() else { continue };
        let before = buffer.stats();
        buffer.add(&batch, Duration::ZERO);
        buffer.decide_all(Duration::ZERO);
        let after = buffer.stats();
        let changed = |of: fn(&tracing_sampling::tail::PolicyStats) -> u64| {
            let pairs = before.policies.iter().zip(&after.policies);
            pairs.filter(move |(before, after)| of(before) < of(after)).map(|(_, after)| after.policy.clone())
        };
        explained.push(Explanation {
            trace_id: TraceId::from_bytes(trace_id),
            spans: batch.span_count() as u64,
            kept: after.kept.traces > before.kept.traces,
            by: changed(|it| it.kept.traces + it.dropped.traces).next(),
            matched: changed(|it| it.matched.traces).collect(),
        });
    }
    Ok(explained)
}

type TraceIdKey = [u8; 16];

fn requests(spans: &[u8]) -> Result<Vec<Bytes>, ExplainError> {
    if !matches!(spans.trim_ascii_start().first(), Some(b'{')) {
        return Ok(vec![Bytes::copy_from_slice(spans)]);
    }
    serde_json::Deserializer::from_slice(spans)
        .into_iter::<ExportTraceServiceRequest>()
        .map(|request| match request {
            Ok(request) => Ok(request.encode_to_vec().into()),
            Err(error) => Err(ExplainError::Spans(error.to_string())),
        })
        .collect()
}
