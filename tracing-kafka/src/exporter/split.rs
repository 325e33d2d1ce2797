//! Divides a batch into the records of its traces.

use std::collections::HashMap;

use tracing_core_lite::opentelemetry::trace::TraceId;
use tracing_core_lite::pipeline::view::RequestView;
use tracing_core_lite::pipeline::{Batch, BatchBuilder};
use tracing_core_lite::span::data::DecodeError;

use super::key::TraceKey;

/// The spans of one trace.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) key: TraceKey,
    pub(super) batch: Batch,
}

/// Returns the records of a batch, in the order in which their traces begin in it. A record is larger than `max_bytes` only if it
/// has a single span.
pub(super) fn records(batch: &Batch, max_bytes: usize) -> Result<Vec<Record>, DecodeError> {
    let mut traces: Vec<(TraceId, BatchBuilder)> = Vec::new();
    let mut places: HashMap<TraceId, usize> = HashMap::new();
    let mut records = Vec::new();
    let mut result = Ok(());
    RequestView::new(batch.request()).each_span(|resource, scope, span| {
        let added = span.head().and_then(|head| {
            let place = *places.entry(head.trace_id).or_insert_with(|| {
                traces.push((head.trace_id, BatchBuilder::new()));
                traces.len() - 1
            });
            let (trace_id, builder) = &mut traces[place];
            let is_full = builder.request_len() + span.bytes().len() > max_bytes;
            if is_full && let Some(batch) = builder.finish() {
                records.push(Record { key: TraceKey::new(*trace_id), batch });
            }
            builder.push_of(resource, scope, span)
        });
        if let Err(error) = added {
            result = Err(error);
        }
    })?;
    result?;
    for (trace_id, mut builder) in traces {
        records.extend(builder.finish().map(|batch| Record { key: TraceKey::new(trace_id), batch }));
    }
    Ok(records)
}
