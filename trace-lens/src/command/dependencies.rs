//! `map`: which service calls which.

use serde_json::json;
use trace_lens::analysis::{DependencyMap, FailurePoints, NodeKind};
use trace_lens::show::units::{duration, percent};
use trace_lens::show::{Document, dot, mermaid};

use super::answer::{Answer, Failure};
use super::args::{Format, Shared};
use super::input::load;

/// The minimum shares for a single point of failure: of traces that call it, and of its errors that reach the root.
const FAILURE_POINT: (f64, f64) = (0.5, 0.5);

pub(crate) fn run(shared: &Shared) -> Result<Answer, Failure> {
    let (map, points) = load(shared)?.merged(|lens| (lens.dependencies_to_merge(), lens.failure_points()))?;
    let map = map.with_messages();
    let mut out = Document::new();
    out.heading("Services");
    let limit = shared.options.limit;
    let mut nodes: Vec<_> = map.nodes.iter().collect();
    nodes.sort_by(|a, b| b.1.invocations.cmp(&a.1.invocations).then_with(|| a.0.cmp(b.0)));
    let nodes = nodes.into_iter().take(limit).map(|(name, node)| {
        vec![
            name.clone(),
            kind(node.kind).to_owned(),
            node.invocations.to_string(),
            node.adjusted.to_string(),
            node.errors.to_string(),
        ]
    });
    out.table(&["name", "kind", "invocations#", "adjusted#", "failed#"], nodes.collect());
    out.heading("Calls");
    edges(&map, limit.saturating_mul(2), &mut out);
    failure_points(&points, limit, &mut out);
    let found = points.find(FAILURE_POINT.0, FAILURE_POINT.1);
    let picture = match shared.options.format {
        Format::Dot => Some(dot(&map)),
        Format::Mermaid => Some(mermaid(&map)),
        _ => None,
    };
    let result = json!({ "nodes": map.nodes, "edges": edge_list(&map), "unpaired": map.unpaired, "failure_points": found });
    let answer = Answer::new("map", out, &result)?.with_finding(!found.is_empty());
    Ok(match picture {
        Some(text) => answer.with_picture(shared.options.format, text),
        None => answer,
    })
}

fn kind(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Service => "service",
        NodeKind::Uninstrumented => "not instrumented",
        NodeKind::Database => "database",
        NodeKind::Queue => "queue",
        NodeKind::User => "callers",
        _ => "other",
    }
}

/// Edges with the figures that depend on their nodes.
fn edge_list(map: &DependencyMap) -> Vec<serde_json::Value> {
    let edges = map
        .edges
        .iter()
        .flat_map(|(caller, callees)| callees.iter().map(move |(callee, edge)| (caller, callee, edge)));
    let edge = edges.map(|(caller, callee, edge)| {
        json!({
            "caller": caller, "callee": callee, "calls": edge.calls, "adjusted": edge.adjusted, "callers": edge.callers,
            "share": map.share(caller, callee), "errors": edge.errors, "is_async": edge.is_async(), "via": edge.via,
            "p50": edge.latency.quantile(0.5), "p95": edge.latency.quantile(0.95), "p99": edge.latency.quantile(0.99),
        })
    });
    edge.collect()
}

/// Adds the table of calls.
pub(crate) fn edges(map: &DependencyMap, limit: usize, out: &mut Document) {
    let mut edges: Vec<_> =
        map.edges.iter().flat_map(|(caller, callees)| callees.iter().map(move |it| (caller, it))).collect();
    edges.sort_by(|a, b| b.1.1.calls.cmp(&a.1.1.calls).then_with(|| (a.0, a.1.0).cmp(&(b.0, b.1.0))));
    let count = edges.len();
    let rows = edges.into_iter().take(limit).map(|(caller, (callee, edge))| {
        let arrow = if edge.is_async() { "┄┄▶" } else { "──▶" };
        let via: Vec<&str> = edge.via.keys().map(String::as_str).collect();
        vec![
            caller.clone(),
            format!("{arrow} {callee}"),
            percent(map.share(caller, callee)),
            edge.calls.to_string(),
            edge.errors.to_string(),
            duration(edge.latency.quantile(0.5)),
            duration(edge.latency.quantile(0.95)),
            via.join(", "),
        ]
    });
    out.table(
        &["caller", "callee", "of invocations#", "calls#", "failed#", "p50#", "p95#", "via"],
        rows.collect(),
    );
    if count > limit {
        out.text(format!("and {} more; --limit shows them", count - limit));
    }
    if map.unpaired > 0 {
        out.text(format!("{} calls name no callee", map.unpaired));
    }
}

/// Adds a line for each single point of failure.
pub(crate) fn failure_points(points: &FailurePoints, limit: usize, out: &mut Document) {
    for point in points.find(FAILURE_POINT.0, FAILURE_POINT.1).into_iter().take(limit) {
        let (low, high) = point.reach_interval;
        out.bad(format!(
            "single point of failure: {} is called in {} of the {:?} traces; {} of {} failures reached the root ({} to {})",
            point.callee,
            percent(point.share),
            point.root,
            point.exposure.reached,
            point.exposure.failed,
            percent(low),
            percent(high),
        ));
    }
}
