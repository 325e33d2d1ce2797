//! The service map: calls between services, with counts, latencies and errors.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::call::{NodeKind, database_name, destination, is_database, peer_name};
use super::critical_path::ratio;
use super::histogram::Histogram;
use super::merge::{Merge, entry};
use crate::model::{Kind, SpanRef, Tree, Weight};

/// Callers that recorded no span.
pub const USER: &str = "user";

/// A node of the map.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Node {
    /// Its kind.
    pub kind: NodeKind,
    /// How often it was called.
    pub invocations: u64,
    /// The number of invocations that these represent, by the sampling thresholds.
    pub adjusted: Weight,
    /// The number of its invocations that failed.
    pub errors: u64,
}

impl Merge for Node {
    fn merge_from(&mut self, other: Self) {
        // A service that records spans is known to be a service.
        self.kind = self.kind.min(other.kind);
        self.invocations += other.invocations;
        self.adjusted += other.adjusted;
        self.errors += other.errors;
    }
}

/// Calls from one service to another.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Edge {
    /// The number of calls.
    pub calls: u64,
    /// The number of calls that these represent, by the sampling thresholds.
    pub adjusted: Weight,
    /// The number of the caller's invocations with at least one call.
    pub callers: u64,
    /// The number of calls that failed.
    pub errors: u64,
    /// The number of calls that the caller did not wait for.
    pub unawaited: u64,
    /// The topics or queues that the calls went through.
    pub via: BTreeMap<String, u64>,
    /// The durations of the calls.
    pub latency: Histogram,
}

impl Merge for Edge {
    fn merge_from(&mut self, other: Self) {
        self.calls += other.calls;
        self.adjusted += other.adjusted;
        self.callers += other.callers;
        self.errors += other.errors;
        self.unawaited += other.unawaited;
        self.via.merge_from(other.via);
        self.latency.merge_from(other.latency);
    }
}

impl Edge {
    /// Returns whether the caller never waits for the callee.
    #[must_use]
    pub fn is_async(&self) -> bool {
        self.unawaited == self.calls
    }
}

/// A message whose sender or receiver is in another trace.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Waiting {
    pub(crate) service: String,
    pub(crate) topic: String,
    pub(crate) failed: bool,
    pub(crate) is_consumer: bool,
    /// Whether the receiver is in the same trace.
    pub(crate) is_received: bool,
    pub(crate) weight: Weight,
    pub(crate) nanos: u64,
}

impl Merge for Waiting {
    fn merge_from(&mut self, other: Self) {
        self.service = std::mem::take(&mut self.service).max(other.service);
        self.topic = std::mem::take(&mut self.topic).max(other.topic);
        self.failed |= other.failed;
        self.is_consumer |= other.is_consumer;
        self.is_received |= other.is_received;
        self.weight = self.weight.max(other.weight);
        self.nanos = self.nanos.max(other.nanos);
    }
}

/// The map of services.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DependencyMap {
    /// The nodes by name.
    pub nodes: BTreeMap<String, Node>,
    /// The edges by caller and callee.
    pub edges: BTreeMap<String, BTreeMap<String, Edge>>,
    /// The number of calls without a name for the callee.
    pub unpaired: u64,
    /// Messages sent, by the ids of their spans.
    pub(crate) sent: BTreeMap<String, Waiting>,
    /// Messages received, by the ids of the spans that they link to, and their own.
    pub(crate) received: BTreeMap<String, BTreeMap<String, Waiting>>,
}

impl Merge for DependencyMap {
    fn merge_from(&mut self, other: Self) {
        self.nodes.merge_from(other.nodes);
        self.edges.merge_from(other.edges);
        self.unpaired += other.unpaired;
        self.sent.merge_from(other.sent);
        self.received.merge_from(other.received);
    }
}

/// A call that was found in a trace.
struct Call<'a> {
    /// The head of the caller's invocation.
    head: usize,
    caller: &'a str,
    callee: String,
    kind: NodeKind,
    via: Option<String>,
    failed: bool,
    unawaited: bool,
    nanos: u64,
    weight: Weight,
}

impl DependencyMap {
    pub(crate) fn add(&mut self, tree: &Tree<'_>) {
        let heads = invocations(tree);
        let mut calls = Vec::new();
        for span in (0..tree.len()).filter(|&it| !tree.is_copy(it)) {
            if heads[span] == span {
                self.invoked(tree, span);
            }
            self.calls_of(tree, span, &heads, &mut calls);
        }
        self.add_calls(calls);
    }

    /// Counts an invocation of a service, and its caller if that is unknown.
    fn invoked(&mut self, tree: &Tree<'_>, span: usize) {
        let it = tree.span(span);
        let node = entry(&mut self.nodes, it.service());
        node.kind = NodeKind::Service;
        node.invocations += 1;
        node.adjusted += it.weight();
        node.errors += u64::from(it.is_failed());
        if it.kind() == Kind::Server && tree.parent_index(span).is_none() && it.parent_id().is_none() {
            let user = entry(&mut self.nodes, USER);
            user.kind = NodeKind::User;
            user.invocations += 1;
            user.adjusted += it.weight();
            let edge = entry(entry(&mut self.edges, USER), it.service());
            count(edge, it.weight(), it.is_failed(), false, tree.duration(span));
            edge.callers += 1;
        }
    }

    fn calls_of<'a>(&mut self, tree: &Tree<'a>, span: usize, heads: &[usize], calls: &mut Vec<Call<'a>>) {
        let it = tree.span(span);
        self.links_of(tree, span);
        if heads[span] == span
            && let Some(parent) = tree.parent_index(span)
        {
            calls.push(called_by(tree, parent, span, heads));
            return;
        }
        let has_callee = tree.children(span).iter().any(|&child| heads[child] == child);
        if has_callee {
            return;
        }
        let (callee, kind, via) = match it.kind() {
            // Its consumer may be in another trace.
            Kind::Producer => return,
            _ if is_database(&it) => (database_name(&it), NodeKind::Database, None),
            Kind::Client => match (destination(&it), peer_name(&it)) {
                (Some(topic), _) => (topic.clone(), NodeKind::Queue, Some(topic.into_owned())),
                (None, Some(peer)) => (peer, NodeKind::Uninstrumented, None),
                (None, None) => {
                    // A nested client span, such as a connection below a request, belongs to the same call.
                    self.unpaired += u64::from(!is_below_client(tree, span));
                    return;
                }
            },
            _ => return,
        };
        if kind == NodeKind::Uninstrumented && is_below_client(tree, span) {
            return;
        }
        calls.push(Call {
            head: heads[span],
            caller: it.service(),
            callee: callee.into_owned(),
            kind,
            via,
            failed: it.is_failed(),
            unawaited: !tree.is_awaited(span),
            nanos: tree.duration(span),
            weight: it.weight(),
        });
    }

    /// Notes messages that this span sends, or receives from another trace.
    fn links_of(&mut self, tree: &Tree<'_>, span: usize) {
        let it = tree.span(span);
        let topic = || destination(&it).unwrap_or_default().into_owned();
        if it.kind() == Kind::Producer {
            let has_consumer =
                tree.children(span).iter().any(|&child| tree.span(child).kind() == Kind::Consumer);
            let waiting = waiting(&it, topic(), tree.duration(span));
            self.sent.insert(key(it.trace_id(), it.id()), Waiting { is_received: has_consumer, ..waiting });
        }
        let has_producer = tree.parent_index(span).is_some_and(|it| tree.span(it).kind() == Kind::Producer);
        if has_producer {
            return;
        }
        for link in it.links() {
            let waiting = waiting(&it, topic(), tree.duration(span));
            let by_service = self.received.entry(key(link.trace_id, link.span_id)).or_default();
            // Receiving and processing a message are two spans of one message.
            entry(by_service, it.service()).merge_from(waiting);
        }
    }

    fn add_calls(&mut self, mut calls: Vec<Call<'_>>) {
        calls.sort_by(|a, b| (a.head, a.caller, &a.callee).cmp(&(b.head, b.caller, &b.callee)));
        let mut last: Option<(usize, String, String)> = None;
        for call in calls {
            if call.kind != NodeKind::Service {
                let is_new = !self.nodes.contains_key(&call.callee);
                let node = entry(&mut self.nodes, &call.callee);
                node.kind = if is_new { call.kind } else { node.kind };
                node.invocations += 1;
                node.adjusted += call.weight;
                node.errors += u64::from(call.failed);
            }
            let edge = entry(entry(&mut self.edges, call.caller), &call.callee);
            count(edge, call.weight, call.failed, call.unawaited, call.nanos);
            if let Some(via) = call.via {
                *edge.via.entry(via).or_default() += 1;
            }
            let this = Some((call.head, call.caller.to_owned(), call.callee));
            if this != last {
                edge.callers += 1;
                last = this;
            }
        }
    }

    /// Returns the share of the caller's invocations with at least one call: 0 to 1.
    #[must_use]
    pub fn share(&self, caller: &str, callee: &str) -> f64 {
        let invocations = self.nodes.get(caller).map_or(0, |it| it.invocations);
        self.edge(caller, callee).map_or(0.0, |edge| ratio(edge.callers.min(invocations), invocations))
    }

    /// Returns the calls from one service to another.
    #[must_use]
    pub fn edge(&self, caller: &str, callee: &str) -> Option<&Edge> {
        self.edges.get(caller)?.get(callee)
    }
}

fn waiting(span: &SpanRef<'_>, topic: String, nanos: u64) -> Waiting {
    let (service, failed, weight) = (span.service().to_owned(), span.is_failed(), span.weight());
    Waiting {
        service,
        topic,
        failed,
        is_consumer: span.kind() == Kind::Consumer,
        is_received: false,
        weight,
        nanos,
    }
}

pub(crate) fn key(trace_id: u128, span_id: u64) -> String {
    format!("{trace_id:032x}{span_id:016x}")
}

pub(crate) fn count(edge: &mut Edge, weight: Weight, failed: bool, unawaited: bool, nanos: u64) {
    edge.calls += 1;
    edge.adjusted += weight;
    edge.errors += u64::from(failed);
    edge.unawaited += u64::from(unawaited);
    edge.latency.add(nanos);
}

/// A span whose service was called from `parent`.
fn called_by<'a>(tree: &Tree<'a>, parent: usize, span: usize, heads: &[usize]) -> Call<'a> {
    let (it, caller) = (tree.span(span), tree.span(parent));
    let via = if it.kind() == Kind::Consumer || caller.kind() == Kind::Producer {
        destination(&it).or_else(|| destination(&caller)).map(std::borrow::Cow::into_owned)
    } else {
        None
    };
    // The caller's side includes the network.
    let is_call = caller.kind() == Kind::Client;
    let measured = if is_call { parent } else { span };
    Call {
        head: heads[parent],
        caller: caller.service(),
        callee: it.service().to_owned(),
        kind: NodeKind::Service,
        via,
        failed: it.is_failed() || (is_call && caller.is_failed()),
        unawaited: !tree.is_awaited(span) || !is_awaited_up(tree, parent, heads[parent]),
        nanos: tree.duration(measured),
        weight: it.weight(),
    }
}

/// Whether the head of an invocation waits for the span, through each span in between.
fn is_awaited_up(tree: &Tree<'_>, span: usize, head: usize) -> bool {
    /// How far up the tree this is checked. Beyond that, the head is assumed to wait.
    const MOST: usize = 64;
    let mut index = span;
    for _ in 0..MOST {
        if index == head {
            break;
        }
        if !tree.is_awaited(index) {
            return false;
        }
        match tree.parent_index(index) {
            Some(parent) => index = parent,
            None => break,
        }
    }
    true
}

fn is_below_client(tree: &Tree<'_>, span: usize) -> bool {
    tree.parent_index(span).is_some_and(|it| tree.span(it).kind() == Kind::Client)
}

/// Returns the head of each span's invocation: the first span of its service above it, without another service or a
/// call in between.
pub(crate) fn invocations(tree: &Tree<'_>) -> Vec<usize> {
    let mut heads: Vec<usize> = (0..tree.len()).collect();
    for span in tree.top_down() {
        if let Some(parent) = tree.parent_index(span) {
            let (it, above) = (tree.span(span), tree.span(parent));
            let is_call = matches!(
                (above.kind(), it.kind()),
                (Kind::Client, Kind::Server) | (Kind::Producer, Kind::Consumer)
            );
            if it.service_text() == above.service_text() && !is_call {
                heads[span] = heads[parent];
            }
        }
    }
    heads
}
