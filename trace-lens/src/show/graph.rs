//! The map of services, as DOT and as Mermaid.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::text::clean;
use super::units::percent;
use crate::analysis::{DependencyMap, Edge, NodeKind};

fn label(map: &DependencyMap, caller: &str, callee: &str, edge: &Edge) -> String {
    let mut label = percent(map.share(caller, callee));
    if edge.errors > 0 {
        let _ = write!(label, ", {} of {} failed", edge.errors, edge.calls);
    }
    label
}

/// Returns the map in the language of Graphviz. Edges that the caller does not wait for are dashed.
#[must_use]
pub fn dot(map: &DependencyMap) -> String {
    let quote = |text: &str| format!("\"{}\"", clean(text).replace('\\', "\\\\").replace('"', "\\\""));
    let mut out = String::from("digraph services {\n  rankdir=LR;\n  node [shape=box, style=rounded];\n");
    for (name, node) in &map.nodes {
        let shape = match node.kind {
            NodeKind::Service => "box",
            NodeKind::Uninstrumented => "box\", style=\"dashed",
            NodeKind::Database => "cylinder",
            NodeKind::Queue => "cds",
            NodeKind::User => "ellipse",
        };
        // Writing to a String cannot fail.
        let _ = writeln!(out, "  {} [shape=\"{shape}\"];", quote(name));
    }
    for (caller, callees) in &map.edges {
        for (callee, edge) in callees {
            let style = if edge.is_async() { ", style=dashed" } else { "" };
            let color = if edge.errors > 0 { ", color=red" } else { "" };
            let label = quote(&label(map, caller, callee, edge));
            let _ = writeln!(out, "  {} -> {} [label={label}{style}{color}];", quote(caller), quote(callee));
        }
    }
    out.push_str("}\n");
    out
}

/// Returns the map as a Mermaid flowchart. Edges that the caller does not wait for are dashed.
#[must_use]
pub fn mermaid(map: &DependencyMap) -> String {
    let quote = |text: &str| {
        let text = clean(text).replace('&', "#amp;").replace('"', "#quot;");
        text.replace('<', "#lt;").replace('>', "#gt;")
    };
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    let edges = map.edges.iter().flat_map(|(caller, callees)| callees.keys().map(move |it| (caller, it)));
    let all = map.nodes.keys().chain(edges.flat_map(|(caller, callee)| [caller, callee]));
    for name in all {
        let next = names.len();
        names.entry(name).or_insert(next);
    }
    let mut out = String::from("graph LR\n");
    for (name, id) in &names {
        let kind = map.nodes.get(*name).map_or(NodeKind::Service, |it| it.kind);
        let (open, close) = match kind {
            NodeKind::Service | NodeKind::Uninstrumented => ("[", "]"),
            NodeKind::Database => ("[(", ")]"),
            NodeKind::Queue => ("[[", "]]"),
            NodeKind::User => ("((", "))"),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(out, "  n{id}{open}\"{}\"{close}", quote(name));
    }
    for (caller, callees) in &map.edges {
        for (callee, edge) in callees {
            let arrow = if edge.is_async() { "-.->" } else { "-->" };
            let (from, to) = (names[caller.as_str()], names[callee.as_str()]);
            let _ =
                writeln!(out, "  n{from} {arrow}|\"{}\"| n{to}", quote(&label(map, caller, callee, edge)));
        }
    }
    out
}
