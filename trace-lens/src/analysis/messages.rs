//! Messages between traces: one edge from sender to receiver for each message, regardless of the number of spans and links.

use super::call::NodeKind;
use super::dependencies::{DependencyMap, Edge, Waiting, count};
use super::merge::entry;
use crate::model::Weight;

impl DependencyMap {
    /// Returns the map with an edge for each message that was sent or received across traces.
    ///
    /// A message whose receiver is unknown goes to its topic or queue, and one whose sender is unknown comes from it.
    #[must_use]
    pub fn with_messages(&self) -> Self {
        let mut map = self.clone();
        map.sent.clear();
        map.received.clear();
        for (id, sent) in &self.sent {
            let receivers = self.received.get(id);
            if receivers.is_none() && !sent.is_received {
                map.add_sent(sent);
            }
        }
        for (id, receivers) in &self.received {
            for received in receivers.values() {
                match self.sent.get(id) {
                    Some(sent) => map.message(sent, received),
                    None if received.is_consumer => map.add_received(received),
                    None => {}
                }
            }
        }
        map
    }

    fn message(&mut self, sent: &Waiting, received: &Waiting) {
        let edge = entry(entry(&mut self.edges, &sent.service), &received.service);
        add(edge, received, true);
        via(edge, if sent.topic.is_empty() { &received.topic } else { &sent.topic });
    }

    fn add_sent(&mut self, sent: &Waiting) {
        if sent.topic.is_empty() {
            self.unpaired += 1;
            return;
        }
        self.queue(&sent.topic, sent.weight);
        let edge = entry(entry(&mut self.edges, &sent.service), &sent.topic);
        add(edge, sent, true);
        via(edge, &sent.topic);
    }

    fn add_received(&mut self, received: &Waiting) {
        if received.topic.is_empty() {
            self.unpaired += 1;
            return;
        }
        self.queue(&received.topic, received.weight);
        let edge = entry(entry(&mut self.edges, &received.topic), &received.service);
        add(edge, received, true);
        via(edge, &received.topic);
    }

    fn queue(&mut self, topic: &str, weight: Weight) {
        let is_new = !self.nodes.contains_key(topic);
        let node = entry(&mut self.nodes, topic);
        if is_new {
            node.kind = NodeKind::Queue;
        }
        node.invocations += 1;
        node.adjusted += weight;
    }
}

fn add(edge: &mut Edge, message: &Waiting, unawaited: bool) {
    count(edge, message.weight, message.failed, unawaited, message.nanos);
    edge.callers += 1;
}

fn via(edge: &mut Edge, topic: &str) {
    if !topic.is_empty() {
        *edge.via.entry(topic.to_owned()).or_default() += 1;
    }
}
