//! Checks the traces of the demo's orders.

use std::collections::{HashMap, HashSet};

use tracing_core_lite::opentelemetry::trace::{SpanId, TraceId};
use tracing_core_lite::span::data::{AnyValue, FinishedSpan};

use super::{OrderKind, Placed, aftermath, sights};

/// Describes everything that is wrong with the traces of `placed` in `spans`. The list is empty if they are right:
///
/// - The spans of an order share one trace id; one of them is the root.
/// - Every other span has its parent among them and lies within it, unless a caller stopped waiting, or the span follows
///   from its parent.
/// - An order that succeeds has no error. Every order shows [what its kind should show](sights).
/// - Every order that succeeds has one event, one e-mail and one SMS. Where tasks send them, their traces follow from the
///   order's trace. Every trace belongs to an order.
pub fn problems(placed: &[Placed], spans: &[FinishedSpan]) -> Vec<String> {
    let mut traces: HashMap<TraceId, Vec<FinishedSpan>> = HashMap::new();
    for span in spans {
        traces.entry(span.span.trace_id).or_default().push(span.clone());
    }
    let mut problems = Vec::new();
    let mut orders = HashSet::new();
    for (number, order) in (1..).zip(placed) {
        let trace = traces.get(&order.trace_id).map_or(&[][..], Vec::as_slice);
        let mut found = Vec::new();
        if !orders.insert(order.trace_id) {
            found.push("shares its trace with another order".to_owned());
        }
        nesting(trace, &mut found);
        expectation(order, trace, &mut found);
        let kind = order.kind.name();
        problems.extend(found.into_iter().map(|problem| format!("order {number} ({kind}): {problem}")));
    }
    let unseen = sights(placed, spans).into_iter().filter_map(|sight| Some((sight.what, sight.seen.err()?)));
    problems.extend(unseen.map(|(what, problem)| format!("no {what}: {problem}")));
    problems.extend(aftermath::problems(placed, spans));
    problems
}

/// Checks that there is one root and no orphan, and that children lie within their parents. Only work whose caller stopped
/// waiting may end later.
fn nesting(trace: &[FinishedSpan], problems: &mut Vec<String>) {
    let by_id: HashMap<SpanId, &FinishedSpan> = trace.iter().map(|it| (it.span.span_id, it)).collect();
    let roots = trace.iter().filter(|it| it.span.is_root()).count();
    if roots != 1 {
        problems.push(format!("has {roots} roots among {} spans", trace.len()));
    }
    for child in trace.iter().filter(|it| !it.span.is_root()) {
        let label = format!("{} of {}", child.span.name, child.service_name());
        let Some(parent) = by_id.get(&child.span.parent_span_id) else {
            problems.push(format!("{label} is an orphan"));
            continue;
        };
        let abandoned = ancestors(child, &by_id).any(is_abandoned);
        let starts_before = parent.span.start_time_unix_nano.saturating_sub(child.span.start_time_unix_nano);
        let ends_after = child.span.end_time_unix_nano.saturating_sub(parent.span.end_time_unix_nano);
        let may_end_later = abandoned || follows(child, parent);
        if starts_before > 0 || (ends_after > 0 && !may_end_later) {
            problems.push(format!(
                "{label} starts {starts_before} ns before or ends {ends_after} ns after its parent {} of {}",
                parent.span.name,
                parent.service_name()
            ));
        }
    }
}

fn ancestors<'a>(
    span: &FinishedSpan,
    by_id: &HashMap<SpanId, &'a FinishedSpan>,
) -> impl Iterator<Item = &'a FinishedSpan> {
    let parent = |of: &FinishedSpan| by_id.get(&of.span.parent_span_id).copied();
    // The limit ends the walk if the parents form a circle.
    std::iter::successors(parent(span), move |it| parent(it)).take(by_id.len())
}

/// Returns whether `child` follows from `parent`, which then does not wait for it.
fn follows(child: &FinishedSpan, parent: &FinishedSpan) -> bool {
    child.span.links.iter().any(|link| link.is_follows_from() && link.span_id == parent.span.span_id)
}

/// Returns whether the caller stopped waiting before the end.
fn is_abandoned(span: &FinishedSpan) -> bool {
    let text = |key| span.span.attribute(key).and_then(AnyValue::as_str);
    text("error.type") == Some("DEADLINE_EXCEEDED") || text("tracing_suite.outcome") == Some("cancelled")
}

fn expectation(order: &Placed, trace: &[FinishedSpan], problems: &mut Vec<String>) {
    let mut services = vec!["customer", "gateway", "auth", "orders", "inventory"];
    if order.kind != OrderKind::OutOfStock {
        services.push("payment");
    }
    if order.kind.succeeds() {
        services.push("notification");
    }
    for service in services {
        if !trace.iter().any(|it| it.service_name() == service) {
            problems.push(format!("{service} has no span"));
        }
    }
    // It belongs to another company, which gets a pseudonym.
    if trace.iter().any(|it| it.service_name() == "card-processor") {
        problems.push("card-processor has joined the trace".to_owned());
    }
    if order.outcome.is_ok() != order.kind.succeeds() {
        problems.push(format!("ended in {:?}", order.outcome));
    }
    let may_fail = !order.kind.succeeds() || order.kind == OrderKind::Retried;
    // A message that a worker fails to deliver is not a failure of the order.
    let of_order = |it: &&FinishedSpan| !it.service_name().ends_with("-worker");
    if !may_fail && let Some(failed) = trace.iter().filter(of_order).find(|it| it.span.is_error()) {
        problems.push(format!("{} of {} failed", failed.span.name, failed.service_name()));
    }
}
