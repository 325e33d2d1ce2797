//! The results of two sets of traces merge into those of both together.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;
use trace_lens::analysis::{Comparison, Durations, Merge, Summary};
use trace_lens::model::Kind;
use trace_lens::{Lens, SpanRecord};

/// One span: trace, parent, service, kind, times, whether it failed.
type Random = (u128, u64, u8, u8, u64, u64, bool);

fn spans() -> impl Strategy<Value = Vec<Random>> {
    prop::collection::vec(
        (1u128..12, 0u64..9, 0u8..4, 0u8..6, 0u64..2_000_000_000, 0u64..900_000_000, any::<bool>()),
        1..80,
    )
}

fn record(index: usize, &(trace, parent, service, kind, start, duration, failed): &Random) -> SpanRecord {
    let kinds =
        [Kind::Unspecified, Kind::Internal, Kind::Server, Kind::Client, Kind::Producer, Kind::Consumer];
    let record = SpanRecord::new(trace, index as u64 % 9 + 1)
        .with_parent(parent)
        .with_service(format!("service {service}"))
        .with_name(format!("work {}", duration % 5))
        .with_kind(kinds[usize::from(kind)])
        .with_times(start, start + duration)
        .with_attribute("tenant", format!("tenant {}", duration % 7))
        .with_attribute("size", i64::try_from(duration).unwrap())
        .with_resource("host.name", format!("host {}", service % 2))
        // Messages cross traces, and so may cross the two halves.
        .with_link(trace % 11 + 1, parent + 1)
        .with_trace_state(if service == 0 { "ot=th:8" } else { "" });
    let record = match kind {
        4 | 5 => record.with_attribute("messaging.destination.name", "orders"),
        3 => record.with_attribute("peer.service", format!("service {}", service + 2)),
        _ => record,
    };
    if failed { record.with_error("it broke").with_attribute("error.type", "broken") } else { record }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn merged_results_equal_those_of_all(random in spans(), cut in 1u128..12) {
        let records: Vec<_> = random.iter().enumerate().map(|(index, it)| record(index, it)).collect();
        let (left, right): (Vec<_>, Vec<_>) = records.iter().cloned().partition(|it| it.trace_id < cut);
        let all = Lens::from_records(records);
        let (left, right) = (Lens::from_records(left), Lens::from_records(right));

        let mut summary: Summary = left.summary();
        summary.merge_from(right.summary());
        prop_assert_eq!(&summary, &all.summary());
        prop_assert_eq!(summary.map.with_messages(), all.dependencies());
        // A partial survives being stored.
        let stored: Summary = serde_json::from_str(&serde_json::to_string(&summary).unwrap()).unwrap();
        prop_assert_eq!(&stored, &summary);

        let is_slow = |trace: trace_lens::Trace<'_>| trace.duration() > 1_000_000_000;
        let mut why: Comparison = left.why(is_slow);
        why.merge_from(right.why(is_slow));
        prop_assert_eq!(&why, &all.why(is_slow));

        let mut durations: Durations = left.durations();
        durations.merge_from(right.durations());
        prop_assert_eq!(&durations, &all.durations());
    }

    #[test]
    fn shares_are_between_nothing_and_all(random in spans()) {
        let records = random.iter().enumerate().map(|(index, it)| record(index, it));
        let lens = Lens::from_records(records).with_corrected_times();
        let map = lens.dependencies();
        for (caller, callees) in &map.edges {
            for callee in callees.keys() {
                prop_assert!((0.0..=1.0).contains(&map.share(caller, callee)));
            }
        }
        for trace in lens.traces() {
            let path = lens.critical_path(trace);
            prop_assert!(path.services.iter().all(|it| (0.0..=1.0).contains(&it.share)));
        }
        let errors = lens.errors();
        for (_, group) in errors.ranked() {
            prop_assert!(errors.not_called(group).iter().all(|it| (0.0..=1.0).contains(&it.expected)));
        }
    }
}
