//! Whatever the order of arrival, no unit is split, nothing of a kept trace is dropped, and the counts add up.
#![cfg(feature = "tail")]
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use opentelemetry_proto::tonic::trace::v1::Span;
use proptest::prelude::*;
use tracing_core_lite::pipeline::Batch;
use tracing_core_lite::pipeline::view::{RequestView, StatusCode};
use tracing_sampling::tail::{Policy, TailBuffer, TailSettings, Unit};

/// One local root and its descendants.
#[derive(Debug, Clone)]
struct Tree {
    trace: u128,
    /// The parent of each span but the first, which is the root: an earlier span.
    parents: Vec<prop::sample::Index>,
    /// Whether the root has no parent at all, or one in another process.
    is_root: bool,
    failed: Option<prop::sample::Index>,
}

impl Tree {
    fn spans(&self, first_id: u64) -> Vec<Span> {
        let mut spans = vec![support::span(self.trace, first_id, (!self.is_root).then_some(999_999))];
        if !self.is_root {
            spans[0].flags = 0x301;
        }
        for parent in &self.parents {
            let id = first_id + spans.len() as u64;
            let parent = first_id + parent.index(spans.len()) as u64;
            spans.push(support::span(self.trace, id, Some(parent)));
        }
        if let Some(failed) = self.failed {
            let index = failed.index(spans.len());
            spans[index].status = support::error();
        }
        spans
    }
}

#[derive(Debug, Clone)]
struct Plan {
    trees: Vec<Tree>,
    /// The order of arrival, as sort keys.
    order: Vec<u32>,
    /// The sizes of the batches.
    batches: Vec<usize>,
    /// The time that passes after each batch, in milliseconds.
    pauses: Vec<u64>,
}

fn tree() -> impl Strategy<Value = Tree> {
    let parents = prop::collection::vec(any::<prop::sample::Index>(), 0..6);
    (1..4_u128, parents, any::<bool>(), prop::option::weighted(0.3, any::<prop::sample::Index>())).prop_map(
        |(trace, parents, is_root, failed)| Tree { trace: trace << 64 | trace, parents, is_root, failed },
    )
}

fn plan() -> impl Strategy<Value = Plan> {
    let order = prop::collection::vec(any::<u32>(), 60);
    let batches = prop::collection::vec(1..6_usize, 60);
    let pauses = prop::collection::vec(0..1_500_u64, 60);
    (prop::collection::vec(tree(), 1..7), order, batches, pauses)
        .prop_map(|(trees, order, batches, pauses)| Plan { trees, order, batches, pauses })
}

/// The ids of kept spans.
fn ids(batches: &[Batch]) -> Vec<u64> {
    let mut ids = Vec::new();
    for batch in batches {
        let each = RequestView::new(batch.request()).each_span(|_, _, span| {
            ids.push(u64::from_be_bytes(span.head().unwrap().span_id.to_bytes()));
        });
        each.unwrap();
    }
    ids
}

struct Run {
    /// Each unit: its trace and its spans.
    units: Vec<(u128, BTreeSet<u64>)>,
    /// The number of the batch with which a span arrived, and the one after which it was passed on.
    arrived: BTreeMap<u64, usize>,
    parents: BTreeMap<u64, u64>,
    kept: BTreeMap<u64, usize>,
}

fn run(plan: &Plan, settings: TailSettings) -> Run {
    let mut buffer = TailBuffer::new(settings).unwrap();
    let mut units = Vec::new();
    let mut spans: Vec<(u32, Span)> = Vec::new();
    let mut order = plan.order.iter().cycle();
    for (index, tree) in plan.trees.iter().enumerate() {
        let of_tree = tree.spans(index as u64 * 100 + 1);
        let ids =
            of_tree.iter().map(|span| u64::from_be_bytes(span.span_id[..].try_into().unwrap())).collect();
        units.push((tree.trace, ids));
        spans.extend(of_tree.into_iter().map(|span| (*order.next().unwrap(), span)));
    }
    spans.sort_by_key(|(key, _)| *key);
    let id = |bytes: &[u8]| bytes.try_into().map(u64::from_be_bytes);
    let parents = spans
        .iter()
        .filter_map(|(_, span)| Some((id(&span.span_id).ok()?, id(&span.parent_span_id).ok()?)))
        .collect();
    let mut spans: Vec<Span> = spans.into_iter().map(|(_, span)| span).collect();
    let (mut now, mut arrived, mut kept) = (Duration::ZERO, BTreeMap::new(), BTreeMap::new());
    let mut round = 0;
    let mut note = |buffer: &mut TailBuffer, round| {
        for id in ids(&buffer.take_kept()) {
            assert!(kept.insert(id, round).is_none(), "span {id} was passed on twice");
        }
        let stats = buffer.stats();
        let sum = |of: fn(&tracing_sampling::tail::Amount) -> u64| {
            [stats.kept, stats.dropped, stats.pending].iter().map(of).sum::<u64>()
        };
        assert_eq!(stats.received.spans, sum(|it| it.spans), "{stats:?}");
        assert_eq!(stats.received.traces, sum(|it| it.traces), "{stats:?}");
    };
    while !spans.is_empty() {
        let size = plan.batches[round % plan.batches.len()].min(spans.len());
        let batch: Vec<Span> = spans.drain(..size).collect();
        for span in &batch {
            arrived.insert(u64::from_be_bytes(span.span_id[..].try_into().unwrap()), round);
        }
        buffer.add(&support::batch(batch), now);
        note(&mut buffer, round);
        now += Duration::from_millis(plan.pauses[round % plan.pauses.len()]);
        buffer.poll(now);
        note(&mut buffer, round);
        round += 1;
    }
    buffer.decide_all(now);
    note(&mut buffer, round);
    assert_eq!(buffer.stats().pending, tracing_sampling::tail::Amount::default());
    assert_eq!(buffer.stats().pending_bytes, 0);
    Run { units, arrived, parents, kept }
}

fn errors() -> TailSettings {
    TailSettings::default()
        .with_policies(vec![Policy::status_code("errors", [StatusCode::Error])])
        .with_decision_wait(Duration::from_secs(3600))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_unit_of_one_process_has_one_fate(plan in plan()) {
        let run = run(&plan, errors());
        // When the trace was first kept.
        let mut first: BTreeMap<u128, usize> = BTreeMap::new();
        for (trace, spans) in &run.units {
            if let Some(round) = spans.iter().filter_map(|id| run.kept.get(id)).min() {
                let known = first.entry(*trace).or_insert(*round);
                *known = (*known).min(*round);
            }
        }
        for (trace, spans) in &run.units {
            let kept = spans.iter().filter(|id| run.kept.contains_key(id)).count();
            let keeps_from = first.get(trace).copied().unwrap_or(usize::MAX);
            for id in spans {
                prop_assert!(
                    run.kept.contains_key(id) || run.arrived[id] <= keeps_from,
                    "span {} arrived after its trace was kept", id
                );
            }
            // What is undecided when another unit is kept is kept with it: spans that arrive later, and those whose
            // connection to the root is not known yet.
            let is_connected = |id: &&u64| {
                std::iter::successors(Some(**id), |id| run.parents.get(id).copied())
                    .filter(|id| spans.contains(id))
                    .all(|id| run.arrived[&id] <= keeps_from)
            };
            let own = spans.iter().filter(is_connected).collect::<Vec<_>>();
            let own_kept = own.iter().filter(|id| run.kept.contains_key(id)).count();
            prop_assert!(kept == 0 || own_kept == 0 || own_kept == own.len(), "{own_kept} of {own:?}");
        }
        for (tree, (_, spans)) in plan.trees.iter().zip(&run.units) {
            let is_alone = plan.trees.iter().filter(|other| other.trace == tree.trace).count() == 1;
            if is_alone && tree.failed.is_none() {
                prop_assert!(spans.iter().all(|id| !run.kept.contains_key(id)));
            }
        }
    }

    #[test]
    fn a_trace_of_several_services_has_one_fate(plan in plan(), bytes in 1_000..20_000_usize) {
        // A small buffer decides early, so that many spans are late.
        let settings = errors().with_unit(Unit::Trace).with_max_bytes(bytes).with_max_trace_bytes(bytes / 4);
        let run = run(&plan, settings);
        let mut traces: BTreeMap<u128, BTreeSet<u64>> = BTreeMap::new();
        for (trace, spans) in &run.units {
            traces.entry(*trace).or_default().extend(spans);
        }
        for (trace, spans) in traces {
            let kept = spans.iter().filter(|id| run.kept.contains_key(id)).count();
            prop_assert!(kept == 0 || kept == spans.len(), "{kept} of {} spans of {trace:x}", spans.len());
        }
    }
}
