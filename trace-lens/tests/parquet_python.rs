//! DuckDB and pyarrow read the Parquet files as one table, and trace-lens reads them back. The first test needs PyPI once.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../../integration-tests/python/peer.rs"]
mod peer;

use std::collections::BTreeMap;

use peer::Peer;
use serde_json::{Value as Json, json};
use trace_lens::write::ParquetDataset;
use trace_lens::{Lens, SpanRecord};

/// The peer, in the folder of the Python programs.
const PROGRAM: &str = "parquet_interop/query.py";

#[test]
fn duckdb_and_pyarrow_find_what_was_written() {
    let shop = format!("{}/tests/data/collector/shop.json.gz", env!("CARGO_MANIFEST_DIR"));
    let lens = Lens::open([shop]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    ParquetDataset::new(folder.path()).unwrap().add(lens.spans()).unwrap();

    let spans = || lens.traces().flat_map(|trace| trace.spans());
    let mut services: BTreeMap<&str, u64> = BTreeMap::new();
    spans().for_each(|span| *services.entry(span.service()).or_default() += 1);
    let expected = json!({
        "spans": lens.spans().len(),
        "services": services,
        "failed": spans().filter(|span| span.is_failed()).count(),
        "nanos": spans().map(|span| span.duration()).sum::<u64>(),
        "first": spans().map(|span| span.start()).min(),
        "events": spans().map(|span| span.events().len()).sum::<usize>(),
        "links": spans().map(|span| span.links().len()).sum::<usize>(),
        "routes": spans().filter(|span| span.text("http.route").is_some()).count(),
        "split_traces": 0,
    });
    let found = Peer::start(PROGRAM, &[folder.path().to_str().unwrap()]).spans();
    assert_eq!(found.len(), 2, "{found:?}");
    for (tool, found) in ["DuckDB", "pyarrow"].iter().zip(found) {
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&found[name], value, "{tool}: {name}");
        }
        let columns: Vec<&str> =
            found["columns"].as_array().unwrap().iter().filter_map(Json::as_str).collect();
        for column in ["Timestamp", "TraceId", "ResourceAttributes", "Events.Attributes", "hour", "bucket"] {
            assert!(columns.contains(&column), "{tool}: {columns:?} lacks {column}");
        }
    }
}

/// What Parquet keeps of a trace.
fn kept(lens: &Lens) -> Vec<Json> {
    let spans = lens.traces().flat_map(|trace| trace.spans());
    let span = |span: trace_lens::model::SpanRef<'_>| {
        let texts = span.set().texts();
        let attributes: Vec<_> =
            span.attributes().map(|it| (texts.get(it.key), it.value.display(texts).into_owned())).collect();
        let events: Vec<_> = span.events().iter().map(|it| (it.time, texts.get(it.name))).collect();
        let links: Vec<_> =
            span.links().iter().map(|it| (it.trace_id.to_string(), it.span_id, it.is_follows_from)).collect();
        json!({
            "ids": (span.trace_id().to_string(), span.id(), span.parent_id()),
            "times": (span.start(), span.end()),
            "texts": (span.name(), span.service(), span.host(), span.message(), span.trace_state()),
            "kind": (span.kind().name(), span.status().name()),
            "scope": (texts.get(span.scope().name), texts.get(span.scope().version)),
            "attributes": attributes, "events": events, "links": links,
        })
    };
    spans.map(span).collect()
}

#[test]
fn spans_are_read_back() {
    let shop = format!("{}/tests/data/collector/shop.json.gz", env!("CARGO_MANIFEST_DIR"));
    let kafka = format!("{}/tests/data/zipkin/messaging-kafka.json", env!("CARGO_MANIFEST_DIR"));
    let lens = Lens::open([shop, kafka]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    ParquetDataset::new(folder.path()).unwrap().add(lens.spans()).unwrap();
    let read = Lens::open([folder.path().to_str().unwrap()]).unwrap();
    assert_eq!(kept(&read), kept(&lens));
    assert_eq!(read.summary(), lens.summary());
    // Files of an earlier run would be read together with new ones.
    assert!(ParquetDataset::new(folder.path()).is_err());
}

#[test]
fn lists_and_maps_of_every_length_are_read_back() {
    let record = |id: u64| {
        let mut record = SpanRecord::new(u128::from(id % 7) + 1, id).with_times(id * 1_000, id * 2_000);
        for index in 0..id % 4 {
            record = record.with_attribute(format!("key {index}"), index.to_string());
            record.events.push((id * 1_000 + index, format!("event {index}")));
            record = record.with_link(u128::from(index) + 1, index + 1);
        }
        if id.is_multiple_of(5) { record.with_follows_from(9, 9) } else { record }
    };
    let lens = Lens::from_records((1..200).map(record));
    let folder = tempfile::tempdir().unwrap();
    ParquetDataset::new(folder.path()).unwrap().add(lens.spans()).unwrap();
    let read = Lens::open([folder.path().to_str().unwrap()]).unwrap();
    assert_eq!(kept(&read), kept(&lens));
}

#[test]
fn damaged_files_are_refused_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let lens = Lens::from_records((1..50).map(|id| SpanRecord::new(1, id).with_name("work")));
    ParquetDataset::new(folder.path().join("good")).unwrap().add(lens.spans()).unwrap();
    let good = folder.path().join("good/hour=1970-01-01T00");
    let bucket = std::fs::read_dir(good).unwrap().next().unwrap().unwrap().path();
    let bytes = std::fs::read(bucket.join("part-00000.parquet")).unwrap();
    let read = |bytes: &[u8]| {
        trace_lens::read::read_bytes("input", bytes, &trace_lens::read::ReadOptions::new()).unwrap()
    };
    assert_eq!(read(&bytes).spans.len(), 49);
    let packed = zstd::encode_all(&*bytes, 1).unwrap();
    assert_eq!(read(&packed).spans.len(), 49);
    for length in [4, 12, bytes.len() / 2, bytes.len() - 1] {
        let input = read(&bytes[..length]);
        assert!(input.reports[0].skipped > 0, "{length}: {:?}", input.reports);
    }
    for at in (4..bytes.len()).step_by(bytes.len() / 200) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x5a;
        // Whatever it gives, it does not panic.
        let _ = read(&damaged).reports[0].to_string();
    }
}
