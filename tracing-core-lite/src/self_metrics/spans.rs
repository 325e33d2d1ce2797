//! Metrics of spans that start and end.

use std::sync::Weak;

use opentelemetry::KeyValue;
use opentelemetry::metrics::Meter;

use super::{Source, with_source};
use crate::sampling::Record;
use crate::span::tally::{ParentOrigin, RECORDS};

const SAMPLING_RESULT: &str = "otel.span.sampling_result";
const PARENT_ORIGIN: &str = "otel.span.parent.origin";

fn sampling_result(record: Record) -> KeyValue {
    let result = match record {
        Record::Drop => "DROP",
        Record::RecordOnly => "RECORD_ONLY",
        Record::RecordAndSample => "RECORD_AND_SAMPLE",
    };
    KeyValue::new(SAMPLING_RESULT, result)
}

fn parent_origin(origin: ParentOrigin) -> KeyValue {
    let origin = match origin {
        ParentOrigin::None => "none",
        ParentOrigin::Local => "local",
        ParentOrigin::Remote => "remote",
    };
    KeyValue::new(PARENT_ORIGIN, origin)
}

pub(super) fn register(meter: &Meter, source: &Weak<Source>) {
    let read = source.clone();
    let _started = meter
        .u64_observable_counter("otel.sdk.span.started")
        .with_description("The number of created spans.")
        .with_unit("{span}")
        .with_callback(move |observer| {
            with_source(&read, |source| {
                let Some(tally) = source.engine.tally() else { return };
                for (record, origin) in
                    RECORDS.iter().flat_map(|it| ParentOrigin::ALL.map(|origin| (*it, origin)))
                {
                    let count = tally.started(record, origin);
                    if count > 0 {
                        observer.observe(count, &[sampling_result(record), parent_origin(origin)]);
                    }
                }
            });
        })
        .build();
    let read = source.clone();
    let _live = meter
        .i64_observable_up_down_counter("otel.sdk.span.live")
        .with_description(
            "The number of created spans with `recording=true` for which the end operation has not been called yet.",
        )
        .with_unit("{span}")
        .with_callback(move |observer| {
            with_source(&read, |source| {
                let Some(tally) = source.engine.tally() else { return };
                for record in [Record::RecordOnly, Record::RecordAndSample] {
                    observer.observe(tally.live(record), &[sampling_result(record)]);
                }
            });
        })
        .build();
}
