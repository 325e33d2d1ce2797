//! Cycles of a directed graph.

use std::collections::BTreeSet;

/// For each node, the nodes that it depends on.
pub(crate) type Graph = Vec<BTreeSet<usize>>;

/// The sets of nodes that can all reach each other, as Tarjan's algorithm finds them. Sets of one node are left out.
pub(crate) fn cycles(graph: &Graph) -> Vec<Vec<usize>> {
    let mut search = Search {
        graph,
        next: 0,
        order: vec![None; graph.len()],
        lowest: vec![0; graph.len()],
        open: Vec::new(),
        found: Vec::new(),
    };
    for node in 0..graph.len() {
        if search.order[node].is_none() {
            search.visit(node);
        }
    }
    search.found
}

struct Search<'a> {
    graph: &'a Graph,
    next: usize,
    /// When each node was visited first.
    order: Vec<Option<usize>>,
    /// The earliest open node that each node reaches.
    lowest: Vec<usize>,
    open: Vec<usize>,
    found: Vec<Vec<usize>>,
}

impl Search<'_> {
    fn visit(&mut self, node: usize) {
        let order = self.next;
        self.next += 1;
        self.order[node] = Some(order);
        self.lowest[node] = order;
        self.open.push(node);
        for dependency in &self.graph[node] {
            match self.order[*dependency] {
                None => {
                    self.visit(*dependency);
                    self.lowest[node] = self.lowest[node].min(self.lowest[*dependency]);
                }
                Some(earlier) if self.open.contains(dependency) => {
                    self.lowest[node] = self.lowest[node].min(earlier);
                }
                Some(_) => {}
            }
        }
        if self.lowest[node] == order {
            let start = self.open.iter().rposition(|open| *open == node).unwrap_or(0);
            let mut set = self.open.split_off(start);
            if set.len() > 1 {
                set.sort_unstable();
                self.found.push(set);
            }
        }
    }
}
