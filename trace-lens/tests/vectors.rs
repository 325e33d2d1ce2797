//! The vectors of jaeger-ui and Jaeger pass.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::HashMap;

use serde_json::Value as Json;
use trace_lens::analysis::{Adjustment, CriticalPath, correct};
use trace_lens::model::{Kind, Tree};
use trace_lens::{SpanRecord, SpanSet};

fn vectors(file: &str) -> Json {
    let path = format!("{}/../test-vectors/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("test vectors are missing: {path}: {error}"));
    serde_json::from_str(&text).unwrap()
}

/// Vectors that are not met, and why. None.
const EXCEPTIONS: [&str; 0] = [];

#[test]
fn critical_paths() {
    for case in vectors("critical_path.json").as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        if EXCEPTIONS.contains(&name) {
            continue;
        }
        let mut ids: HashMap<String, u64> = HashMap::new();
        let mut id_of = |it: &Json| {
            let next = ids.len() as u64 + 1;
            it.as_str().map_or(0, |it| *ids.entry(it.to_owned()).or_insert(next))
        };
        let mut records = Vec::new();
        for it in case["spans"].as_array().unwrap() {
            let (start, duration) = (it["start"].as_u64().unwrap(), it["duration"].as_u64().unwrap());
            let (id, parent) = (id_of(&it["id"]), id_of(&it["parent"]));
            let mut record = SpanRecord::new(1, id).with_parent(parent).with_times(start, start + duration);
            record.kind = it["kind"].as_str().map(Kind::from_name).unwrap_or_default();
            if it["ref_type"] == "FOLLOWS_FROM" {
                record = record.with_follows_from(1, parent);
            }
            records.push(record);
        }
        let set = SpanSet::from_records(records);
        let path = CriticalPath::from(set.traces().next().unwrap());
        let found: Vec<_> = path
            .sections
            .iter()
            .rev()
            .map(|it| (u64::from_str_radix(&it.span_id, 16).unwrap(), it.start, it.end))
            .collect();
        let expected: Vec<_> = case["critical_path"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| (id_of(&it["span"]), it["start"].as_u64().unwrap(), it["end"].as_u64().unwrap()))
            .collect();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn clock_skew() {
    const MS: u64 = 1_000_000;
    let id = |it: &Json| it.as_str().map_or(0, |it| u64::from_str_radix(it, 16).unwrap());
    for case in vectors("clock_skew.json")["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let spans = case["spans"].as_array().unwrap();
        let records = spans.iter().enumerate().map(|(index, it)| {
            let start = it["start"].as_u64().unwrap() * MS;
            let mut record = SpanRecord::new(1, id(&it["id"]))
                .with_parent(id(&it["parent"]))
                // The order of spans in a trace is that of their starts: the name finds them again.
                .with_name(index.to_string())
                .with_times(start, start + it["duration"].as_u64().unwrap() * MS);
            if it["host"] != "" {
                record = record.with_resource("host.name", it["host"].as_str().unwrap());
            }
            record
        });
        let set = SpanSet::from_records(records);
        let tree = Tree::new(set.traces().next().unwrap());
        let result = correct(&tree, case["max_adjust"].as_u64().unwrap() * MS);
        for (index, expected) in case["expect"].as_array().unwrap().iter().enumerate() {
            let span = (0..tree.len()).find(|&it| tree.span(it).name() == index.to_string()).unwrap();
            let times = (result.times[span].0 / MS, result.times[span].1 / MS);
            let wanted = (expected["start"].as_u64().unwrap(), expected["end"].as_u64().unwrap());
            assert_eq!(times, wanted, "{name}: span {index}");
            let moved = result.deltas[span] / 1_000_000;
            let given =
                spans[index]["events"].as_array().unwrap().iter().map(|it| it.as_i64().unwrap() + moved);
            let events: Vec<i64> =
                expected["events"].as_array().unwrap().iter().map(|it| it.as_i64().unwrap()).collect();
            assert_eq!(given.collect::<Vec<_>>(), events, "{name}: events of span {index}");
            let warnings = result.adjustments.iter().filter(|it| it.0 == span).count();
            assert_eq!(
                warnings > 0,
                !expected["warnings"].as_array().unwrap().is_empty(),
                "{name}: {:?}",
                result.adjustments
            );
        }
    }
}

#[test]
fn host_keys() {
    for case in vectors("clock_skew.json")["host_key"].as_array().unwrap() {
        let mut record = SpanRecord::new(1, 1);
        for (key, value) in case["resource"].as_object().unwrap() {
            let value = match value {
                Json::String(text) => trace_lens::model::RecordValue::Text(text.clone()),
                list => trace_lens::model::RecordValue::Json(list.to_string()),
            };
            record = record.with_resource(key, value);
        }
        let set = SpanSet::from_records([record]);
        assert_eq!(set.traces().next().unwrap().span(0).host(), case["key"], "{case}");
    }
}

#[test]
fn a_correction_can_be_switched_off_and_says_what_it_would_be() {
    let set = SpanSet::from_records([
        SpanRecord::new(1, 1).with_times(10, 110).with_resource("host.name", "a"),
        SpanRecord::new(1, 2).with_parent(1).with_times(0, 50).with_resource("host.name", "b"),
    ]);
    let tree = Tree::new(set.traces().next().unwrap());
    let result = correct(&tree, 0);
    assert_eq!(result.adjustments, [(0, Adjustment::TooLarge { nanos: 35 })]);
}
