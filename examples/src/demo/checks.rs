//! What must hold for the traces of the demo's orders.

use std::collections::{HashMap, HashSet};

use tracing_core_lite::opentelemetry::trace::{SpanId, SpanKind, TraceId};
use tracing_core_lite::span::data::{FinishedSpan, Value};

use super::{OrderKind, Placed, root_cause};

/// Everything that is wrong with the traces of `placed` in `spans`, in words; empty when all is well.
///
/// - The spans of an order share one trace id; one of them is the root, and no other trace has spans but receipts.
/// - Every span but the root has its parent among them, and lies within it.
/// - An order shows what its kind is to show: a retry, an error's root cause, or no error at all.
/// - A receipt is a trace of its own that FollowsFrom the order's.
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
    let others = traces.iter().filter(|(id, _)| !orders.contains(*id));
    receipts(placed, others.map(|(_, trace)| trace.as_slice()), &mut problems);
    problems
}

/// One root, no orphan, children within their parents.
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
        let starts_before = parent.span.start_time_unix_nano.saturating_sub(child.span.start_time_unix_nano);
        let ends_after = child.span.end_time_unix_nano.saturating_sub(parent.span.end_time_unix_nano);
        if starts_before > 0 || ends_after > 0 {
            problems.push(format!(
                "{label} starts {starts_before} ns before or ends {ends_after} ns after its parent {} of {}",
                parent.span.name,
                parent.service_name()
            ));
        }
    }
}

fn expectation(order: &Placed, trace: &[FinishedSpan], problems: &mut Vec<String>) {
    for service in ["customer", "gateway", "auth", "orders", "payment", "card-processor"] {
        if !trace.iter().any(|it| it.service_name() == service) {
            problems.push(format!("there is no span of {service}"));
        }
    }
    if order.outcome.is_ok() == (order.kind == OrderKind::Declined) {
        problems.push(format!("ended in {:?}", order.outcome));
    }
    let cause = root_cause(trace);
    match order.kind {
        OrderKind::Declined => match cause {
            Some(cause)
                if cause.service == "card-processor" && cause.error.contains("insufficient funds") => {}
            other => problems.push(format!("its root cause is not the declined card but {other:?}")),
        },
        OrderKind::Retried => attempts(trace, problems),
        OrderKind::Ordinary | OrderKind::Slow => {
            problems.extend(cause.map(|cause| format!("has an error: {cause}")));
        }
    }
}

/// Two attempts, each a span: one refused, one that went through and knows that it is the second.
fn attempts(trace: &[FinishedSpan], problems: &mut Vec<String>) {
    let mut attempts: Vec<_> = trace
        .iter()
        .filter(|it| it.service_name() == "payment" && it.span.kind == SpanKind::Client)
        .collect();
    attempts.sort_by_key(|it| it.span.start_time_unix_nano);
    let seen = |key: &str| -> Vec<Option<i64>> {
        attempts.iter().map(|it| it.span.attribute(key).and_then(Value::as_int)).collect()
    };
    let (statuses, resends) = (seen("http.response.status_code"), seen("http.request.resend_count"));
    if statuses != [Some(503), Some(200)] || resends != [None, Some(1)] {
        problems.push(format!("its attempts have statuses {statuses:?} and resend counts {resends:?}"));
    }
    let handled = |it: &&FinishedSpan| it.span.attribute("error_handled") == Some(&Value::Bool(true));
    if !trace.iter().any(|it| handled(&it) && !it.span.is_error()) {
        problems.push("no span says that the 503 was dealt with".to_owned());
    }
}

/// One for each order that went through, and nothing else.
fn receipts<'a>(
    placed: &[Placed],
    others: impl Iterator<Item = &'a [FinishedSpan]>,
    problems: &mut Vec<String>,
) {
    let mut origins = HashSet::new();
    for trace in others {
        let origin = trace[0].span.links.iter().find(|link| link.is_follows_from());
        match origin {
            Some(link) if trace.len() == 1 => {
                origins.insert(link.trace_id);
            }
            _ => problems.push(format!("{} is a trace of its own, and nobody knows why", trace[0].span.name)),
        }
    }
    let expected: HashSet<TraceId> =
        placed.iter().filter(|order| order.outcome.is_ok()).map(|order| order.trace_id).collect();
    if origins != expected {
        problems.push(format!("{} orders went through, {} receipts follow", expected.len(), origins.len()));
    }
}
