//! The critical path covers the root without gaps, and equals a reference implementation of its definition.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::cmp::Reverse;

use proptest::prelude::*;
use trace_lens::analysis::{CriticalPath, Schedule, self_time};
use trace_lens::model::{Kind, Tree};
use trace_lens::{Lens, SpanRecord, SpanSet};

/// One span of a random trace: parent, start, duration, whether it is awaited.
type Random = (usize, u64, u64, bool);

/// Small numbers, so that spans touch, nest and overlap often.
fn small_trace() -> impl Strategy<Value = Vec<Random>> {
    prop::collection::vec((0usize..8, 0u64..30, 0u64..20, prop::bool::weighted(0.9)), 1..9)
}

fn large_trace() -> impl Strategy<Value = Vec<Random>> {
    prop::collection::vec((0usize..60, 0u64..1_000_000, 0u64..500_000, prop::bool::weighted(0.9)), 1..60)
}

fn records(random: &[Random]) -> Vec<SpanRecord> {
    let span = |(index, &(parent, start, duration, is_awaited)): (usize, &Random)| {
        let record = SpanRecord::new(7, index as u64 + 1)
            .with_service(format!("s{}", index % 3))
            .with_name(index.to_string())
            .with_times(start, start + duration);
        if index == 0 {
            // Nothing else is a root, so that the main span is known.
            return record;
        }
        let parent = (parent % index) as u64 + 1;
        let record = record.with_parent(parent);
        if is_awaited { record } else { record.with_follows_from(7, parent) }
    };
    random.iter().enumerate().map(span).collect()
}

fn sections(set: &SpanSet) -> Vec<(u64, u64, u64)> {
    let path = CriticalPath::from(set.traces().next().unwrap());
    let id = |text: &str| u64::from_str_radix(text, 16).unwrap();
    path.sections.iter().map(|it| (id(&it.span_id), it.start, it.end)).collect()
}

/// For each moment, from the definition: the path is in the child that finished last before the point reached, within the
/// time of its parent, or else in the span itself. It looks at one moment after the other, and keeps no order.
fn reference(random: &[Random]) -> Vec<(u64, u64, u64)> {
    let mut moments = Vec::new();
    let (start, end) = (random[0].1, random[0].1 + random[0].2);
    walk(random, 0, (start, end), &mut moments);
    let mut found: Vec<(u64, u64, u64)> = Vec::new();
    for (moment, span) in moments.into_iter().rev() {
        match found.last_mut() {
            Some(last) if last.0 == span as u64 + 1 && last.2 == moment => last.2 = moment + 1,
            _ => found.push((span as u64 + 1, moment, moment + 1)),
        }
    }
    found
}

/// Appends (moment, span) for each moment of `span` between `bounds`, the latest first.
fn walk(random: &[Random], span: usize, bounds: (u64, u64), moments: &mut Vec<(u64, usize)>) {
    let within =
        |child: usize| (random[child].1.max(bounds.0), (random[child].1 + random[child].2).min(bounds.1));
    let children: Vec<usize> = (1..random.len())
        .filter(|&child| random[child].0 % child == span && random[child].3)
        .filter(|&child| within(child).0 < within(child).1)
        .collect();
    let mut reached = bounds.1;
    let mut left = children;
    while reached > bounds.0 {
        let ended = left.iter().copied().filter(|&it| within(it).1 <= reached);
        // Of those that finish together, the one that started first; of equal ones, the last in the order of the trace:
        // by recorded start, the longer first.
        let last = ended.max_by_key(|&it| {
            let ((start, end), (_, raw_start, duration, _)) = (within(it), random[it]);
            (end, Reverse(start), raw_start, Reverse(raw_start + duration), it)
        });
        match last {
            Some(child) if within(child).1 == reached => {
                left.retain(|&it| it != child);
                walk(random, child, within(child), moments);
                reached = within(child).0;
            }
            _ => {
                reached -= 1;
                moments.push((reached, span));
            }
        }
    }
}

/// Sections of one span that touch are one here: the reference has no seams.
fn joined(sections: Vec<(u64, u64, u64)>) -> Vec<(u64, u64, u64)> {
    let mut found: Vec<(u64, u64, u64)> = Vec::new();
    for section in sections {
        match found.last_mut() {
            Some(last) if last.0 == section.0 && last.2 == section.1 => last.2 = section.2,
            _ => found.push(section),
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_path_equals_the_reference(random in small_trace()) {
        let set = SpanSet::from_records(records(&random));
        let (found, expected) = (joined(sections(&set)), reference(&random));
        prop_assert_eq!(found, expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sections_tile_the_root_and_shares_are_shares(random in large_trace()) {
        let lens = Lens::from_records(records(&random));
        let trace = lens.traces().next().unwrap();
        let path = lens.critical_path(trace);
        let (start, end) = (random[0].1, random[0].1 + random[0].2);
        let mut reached = start;
        for section in &path.sections {
            prop_assert_eq!(section.start, reached);
            prop_assert!(section.end > section.start);
            reached = section.end;
        }
        prop_assert_eq!(reached, end);
        let mut sum = 0.0;
        for service in &path.services {
            prop_assert!((0.0..=1.0).contains(&service.share));
            prop_assert!(service.drag <= path.duration);
            sum += service.share;
        }
        prop_assert!(path.duration == 0 || (sum - 1.0f64).abs() < 1e-9);
    }

    #[test]
    fn self_time_and_slack_are_within_the_span(random in large_trace()) {
        let set = SpanSet::from_records(records(&random));
        let tree = Tree::new(set.traces().next().unwrap());
        let main = tree.main().unwrap();
        let schedule = Schedule::new(&tree, main);
        for span in 0..tree.len() {
            prop_assert!(self_time(&tree, span) <= tree.duration(span));
        }
        // Nothing saved changes nothing; everything saved leaves nothing.
        prop_assert_eq!(schedule.what_if("s0", None, 0), tree.duration(main));
        let slack = schedule.slack();
        let path = CriticalPath::new(&tree);
        for section in &path.sections {
            prop_assert_eq!(slack[section.span], Some(0), "span {}", section.name);
        }
    }

    #[test]
    fn the_result_of_a_trace_does_not_depend_on_the_order_of_its_spans(random in large_trace()) {
        let records = records(&random);
        let mut reversed = records.clone();
        reversed.reverse();
        let path = |records: Vec<SpanRecord>| {
            let set = SpanSet::from_records(records);
            let path = CriticalPath::from(set.traces().next().unwrap());
            path.sections.iter().map(|it| (it.start, it.end)).map(|it| it.1 - it.0).sum::<u64>()
        };
        prop_assert_eq!(path(records), path(reversed));
    }
}

#[test]
fn a_consumer_below_a_producer_is_not_on_the_path() {
    let lens = Lens::from_records([
        SpanRecord::new(1, 1).with_kind(Kind::Producer).with_times(0, 100),
        SpanRecord::new(1, 2).with_parent(1).with_kind(Kind::Consumer).with_times(10, 90),
    ]);
    assert_eq!(lens.critical_path(lens.traces().next().unwrap()).sections.len(), 1);
}

#[test]
fn a_trace_without_a_root_has_a_partial_path() {
    let lens = Lens::from_records([
        SpanRecord::new(1, 1).with_parent(99).with_times(0, 100),
        SpanRecord::new(1, 2).with_parent(1).with_times(10, 90),
    ]);
    let path = lens.critical_path(lens.traces().next().unwrap());
    assert!(path.is_partial);
    assert_eq!(path.sections.len(), 3);
}

#[test]
fn what_if_follows_the_order_of_the_work() {
    // payment (20 to 80) runs beside stock (20 to 60); ship (85 to 95) starts after both.
    let lens = Lens::from_records([
        SpanRecord::new(1, 1).with_service("order").with_times(0, 100),
        SpanRecord::new(1, 2).with_parent(1).with_service("payment").with_times(20, 80),
        SpanRecord::new(1, 3).with_parent(1).with_service("stock").with_times(20, 60),
        SpanRecord::new(1, 4).with_parent(1).with_service("ship").with_times(85, 95),
    ]);
    let trace = lens.traces().next().unwrap();
    let tree = lens.tree(trace);
    let schedule = Schedule::new(&tree, 0);
    assert_eq!(schedule.what_if("payment", None, 10), 90);
    assert_eq!(schedule.slack(), [Some(0), Some(0), Some(20), Some(0)]);
    // The drag of a service: without it, the trace is shorter by its time on the path.
    let path = lens.critical_path(trace);
    assert_eq!(path.services.iter().find(|it| it.service == "payment").unwrap().drag, 60);
}
