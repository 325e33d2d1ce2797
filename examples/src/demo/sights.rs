//! Checks that the traces of each kind of order show what they should.

use std::time::Duration;

use tracing_core_lite::opentelemetry::trace::SpanKind;
use tracing_core_lite::span::data::{AnyValue, FinishedSpan};

use super::sight::{Sight, millis, text};
use super::{OrderKind, Placed, aftermath, root_cause};

/// Returns what the traces of `placed` show: one sight for the first order of each kind, one for the cache, and those of the
/// messages that follow.
pub fn sights(placed: &[Placed], spans: &[FinishedSpan]) -> Vec<Sight> {
    let trace = |kind: OrderKind| {
        let order = placed.iter().find(|order| order.kind == kind)?;
        Some(Trace(spans.iter().filter(|it| it.span.trace_id == order.trace_id).collect()))
    };
    type Look = fn(&Trace<'_>) -> Result<String, String>;
    let looks: [(OrderKind, &'static str, Look); 6] = [
        (OrderKind::Slow, "slow service", slow_service),
        (OrderKind::SlowQuery, "slow query", slow_query),
        (OrderKind::Retried, "retry", retry),
        (OrderKind::Declined, "root cause", cause),
        (OrderKind::OutOfStock, "rollback", rollback),
        (OrderKind::Late, "deadline exceeded", deadline),
    ];
    let mut sights = Vec::new();
    if let (Some(first), Some(second)) = (trace(OrderKind::Ordinary), trace(OrderKind::Slow)) {
        sights.push(Sight { what: "cache miss, then hit", seen: miss_then_hit(&first, &second) });
    }
    for (kind, what, look) in looks {
        sights.extend(trace(kind).map(|trace| Sight { what, seen: look(&trace) }));
    }
    sights.extend(aftermath::sights(placed, spans));
    sights
}

/// The spans of an order.
struct Trace<'a>(Vec<&'a FinishedSpan>);

impl<'a> Trace<'a> {
    fn all(&self, test: impl Fn(&FinishedSpan) -> bool) -> Vec<&'a FinishedSpan> {
        self.0.iter().copied().filter(|it| test(it)).collect()
    }

    fn one(&self, what: &str, test: impl Fn(&FinishedSpan) -> bool) -> Result<&'a FinishedSpan, String> {
        self.all(test).first().copied().ok_or_else(|| format!("there is no {what}"))
    }

    fn queries(&self) -> Vec<&'a FinishedSpan> {
        self.all(|it| {
            let is_transaction = text(it, "tracing_suite.db.transaction.outcome").is_some();
            text(it, "db.system.name").is_some() && it.span.kind == SpanKind::Client && !is_transaction
        })
    }
}

/// A lookup that misses is followed by a query, and one that hits is not. This holds for Redis as for the in-process cache.
fn miss_then_hit(first: &Trace<'_>, second: &Trace<'_>) -> Result<String, String> {
    let count = |trace: &Trace<'_>, hit: bool| {
        trace.all(|it| it.span.attribute("tracing_suite.cache.hit") == Some(&AnyValue::Bool(hit))).len()
    };
    let queries = |trace: &Trace<'_>| {
        let query = |it: &&&FinishedSpan| it.span.name == "SELECT prices";
        trace.queries().iter().filter(query).count()
    };
    let (misses, hits) = (count(first, false), count(second, true));
    let loaded = (queries(first), queries(second));
    if misses == 0 || hits == 0 || loaded != (misses, count(second, false)) {
        return Err(format!("{misses} misses, then {hits} hits, and {loaded:?} queries for prices"));
    }
    Ok(format!("{misses} prices loaded by the first order; the second found {hits} of them in the cache"))
}

/// The slow service belongs to another company, so what is slow is the call to it, with nothing below.
fn slow_service(trace: &Trace<'_>) -> Result<String, String> {
    let call = trace.one("call of the card processor", |it| {
        it.service_name() == "payment" && it.span.kind == SpanKind::Client
    })?;
    let peer = text(call, "service.peer.name").ok_or("the call does not name its peer")?;
    if text(call, "tracing_suite.boundary.sent") != Some("pseudonym") {
        return Err(format!("{peer} got more than a pseudonym"));
    }
    if !trace.all(|it| it.span.parent_span_id == call.span.span_id).is_empty() {
        return Err(format!("{peer} has joined the trace"));
    }
    let others = trace.all(|it| it.span.kind == SpanKind::Client && text(it, "db.system.name").is_some());
    if others.iter().any(|it| it.span.duration() > call.span.duration()) {
        return Err(format!("{} took no longer than a query", call.span.name));
    }
    Ok(format!("{} to {peer} took {}", call.span.name, millis(call.span.duration())))
}

fn slow_query(trace: &Trace<'_>) -> Result<String, String> {
    let queries = trace.queries();
    let slowest = queries.iter().max_by_key(|it| it.span.duration()).ok_or("there is no query")?;
    if !slowest.span.name.contains("movements") {
        return Err(format!("the slowest is {}", slowest.span.name));
    }
    let others: Duration = queries.iter().map(|it| it.span.duration()).sum();
    let others = others.saturating_sub(slowest.span.duration());
    let (took, others) = (millis(slowest.span.duration()), millis(others));
    Ok(format!("{} of {} took {took}, all other queries {others}", slowest.span.name, slowest.service_name()))
}

/// Two attempts, each a span: one that is refused, and one that succeeds and is counted as the second.
fn retry(trace: &Trace<'_>) -> Result<String, String> {
    let mut attempts = trace.all(|it| it.service_name() == "payment" && it.span.kind == SpanKind::Client);
    attempts.sort_by_key(|it| it.span.start_time_unix_nano);
    let seen = |key: &str| -> Vec<Option<i64>> {
        attempts.iter().map(|it| it.span.attribute(key).and_then(AnyValue::as_int)).collect()
    };
    let (statuses, resends) = (seen("http.response.status_code"), seen("http.request.resend_count"));
    if statuses != [Some(503), Some(200)] || resends != [None, Some(1)] {
        return Err(format!("the attempts have statuses {statuses:?} and resend counts {resends:?}"));
    }
    let handled = trace.one("span that records the 503 as handled", |it| {
        it.span.attribute("error_handled") == Some(&AnyValue::Bool(true)) && !it.span.is_error()
    })?;
    Ok(format!("503, then 200: each attempt is a span, and {} has not failed", handled.span.name))
}

fn cause(trace: &Trace<'_>) -> Result<String, String> {
    let spans: Vec<_> = trace.0.iter().copied().cloned().collect();
    match root_cause(&spans) {
        // The card processor's own spans are in a trace of its company.
        Some(cause) if cause.service == "payment" && cause.error.contains("402") => Ok(cause.to_string()),
        other => Err(format!("it is not the declined card but {other:?}")),
    }
}

/// A query that the database refuses, in a transaction that is rolled back.
fn rollback(trace: &Trace<'_>) -> Result<String, String> {
    let transaction = trace
        .one("transaction", |it| text(it, "tracing_suite.db.transaction.outcome") == Some("rolled_back"))?;
    let within = trace.all(|it| it.span.parent_span_id == transaction.span.span_id);
    let failed = within.iter().find(|it| it.span.is_error()).ok_or("no query of the transaction failed")?;
    let code = text(failed, "db.response.status_code").ok_or("the database's code is not recorded")?;
    Ok(format!("{} of {} failed with {code}, nothing was kept", failed.span.name, failed.service_name()))
}

/// One call, seen from both sides. The server may see the caller's cancellation before its own deadline expires.
fn deadline(trace: &Trace<'_>) -> Result<String, String> {
    let side = |service: &str, kind: SpanKind, codes: &[&str]| {
        trace.one(&format!("exceeded deadline at {service}"), |it| {
            let code = text(it, "rpc.response.status_code");
            it.service_name() == service
                && it.span.kind == kind
                && code.is_some_and(|code| codes.contains(&code))
        })
    };
    let client = side("orders", SpanKind::Client, &["DEADLINE_EXCEEDED"])?;
    let server = side("payment", SpanKind::Server, &["DEADLINE_EXCEEDED", "CANCELLED"])?;
    if server.span.parent_span_id != client.span.span_id {
        return Err("the two sides are not one call".to_owned());
    }
    let (name, waited) = (&client.span.name, millis(client.span.duration()));
    let seen = text(server, "rpc.response.status_code").unwrap_or_default();
    Ok(format!("{name}: orders gave up after {waited}, payment ended with {seen}"))
}
