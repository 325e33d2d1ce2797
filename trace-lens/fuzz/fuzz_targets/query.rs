//! Queries of the filter.

#![no_main]

use libfuzzer_sys::fuzz_target;
use trace_lens::filter::{Filter, Query, parse_span_of_time, parse_time};
use trace_lens::{Lens, SpanRecord};

fuzz_target!(|text: &str| {
    let _ = (parse_time(text, 0), parse_span_of_time(text));
    let Ok(query) = text.parse::<Query>() else { return };
    let spans = [
        SpanRecord::new(1, 1).with_service("orders").with_times(0, 100).with_attribute("size", 5_i64),
        SpanRecord::new(1, 2).with_parent(1).with_service("payment").with_times(10, 90).with_error("declined"),
    ];
    let _ = Lens::from_records(spans).with_filter(&Filter::new().with_query(query));
});
