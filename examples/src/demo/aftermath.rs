//! Checks what follows an order after its customer has the answer: an event, and messages by e-mail and SMS, with retries.

use std::collections::HashSet;

use tracing_core_lite::opentelemetry::trace::TraceId;
use tracing_core_lite::span::data::{AnyValue, FinishedSpan};

use super::sight::{Sight, millis, text};
use super::{OrderKind, Placed};

/// The services of the nightly job. Their traces belong to no order.
const NIGHTLY: [&str; 2] = ["bank", "reconciliation"];

/// Returns how many times the SMS of an order is tried.
fn sms_attempts(kind: OrderKind) -> usize {
    match kind {
        OrderKind::Slow => 2,
        OrderKind::SlowQuery => 3,
        _ => 1,
    }
}

/// Returns whether everything that follows the orders in `placed` has happened.
pub fn is_complete(placed: &[Placed], spans: &[FinishedSpan]) -> bool {
    problems(placed, spans).is_empty()
}

/// Lists what did not happen or happened too often, and traces that belong to no order.
pub(super) fn problems(placed: &[Placed], spans: &[FinishedSpan]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut known = HashSet::new();
    for (number, order) in (1..).zip(placed) {
        let family = Family::of(order, spans);
        let expected = if order.outcome.is_ok() { (1, 1, sms_attempts(order.kind)) } else { (0, 0, 0) };
        let seen = (family.events().len(), family.attempts("email").len(), family.attempts("sms").len());
        if seen != expected {
            problems.push(format!(
                "order {number} ({}): {seen:?} events, e-mails and SMS instead of {expected:?}",
                order.kind.name()
            ));
        }
        known.extend(family.traces);
    }
    let unrelated = spans.iter().filter(|it| {
        it.span.is_root() && !known.contains(&it.span.trace_id) && !NIGHTLY.contains(&it.service_name())
    });
    problems.extend(
        unrelated.map(|it| format!("{} is a trace of its own that belongs to no order", it.span.name)),
    );
    problems
}

/// The trace of an order, and the traces that follow from it.
pub(super) struct Family<'a> {
    traces: HashSet<TraceId>,
    /// The spans of all these traces, by start time.
    spans: Vec<&'a FinishedSpan>,
}

impl<'a> Family<'a> {
    pub(super) fn of(order: &Placed, spans: &'a [FinishedSpan]) -> Self {
        let mut traces = HashSet::from([order.trace_id]);
        loop {
            let before = traces.len();
            let follows = |it: &&FinishedSpan| {
                it.span.links.iter().any(|link| link.is_follows_from() && traces.contains(&link.trace_id))
            };
            // A batch follows from many traces and belongs to none of them.
            let own = |it: &&FinishedSpan| it.span.is_root() && !NIGHTLY.contains(&it.service_name());
            let found: Vec<_> = spans.iter().filter(own).filter(follows).map(|it| it.span.trace_id).collect();
            traces.extend(found);
            if traces.len() == before {
                break;
            }
        }
        let mut spans: Vec<_> = spans.iter().filter(|it| traces.contains(&it.span.trace_id)).collect();
        spans.sort_by_key(|it| it.span.start_time_unix_nano);
        Self { traces, spans }
    }

    fn events(&self) -> Vec<&'a FinishedSpan> {
        self.named("process orders.created")
    }

    /// Returns the attempts of a worker, or of the task that replaces it.
    fn attempts(&self, queue: &str) -> Vec<&'a FinishedSpan> {
        let mut attempts = self.named(&format!("process {queue}"));
        attempts.extend(self.named(&format!("send {queue}")));
        attempts
    }

    fn named(&self, name: &str) -> Vec<&'a FinishedSpan> {
        self.spans.iter().copied().filter(|it| it.span.name == name).collect()
    }
}

/// Returns what the traces show after the answers.
pub(super) fn sights(placed: &[Placed], spans: &[FinishedSpan]) -> Vec<Sight> {
    let family = |kind: OrderKind| {
        placed.iter().find(|order| order.kind == kind).map(|order| Family::of(order, spans))
    };
    type Look = fn(&Family<'_>) -> Result<String, String>;
    let looks: [(OrderKind, &'static str, Look); 3] = [
        (OrderKind::Ordinary, "event and consumer", event),
        (OrderKind::Slow, "job tried again", tried_again),
        (OrderKind::SlowQuery, "job given up", given_up),
    ];
    let mut sights: Vec<_> = looks
        .into_iter()
        .filter_map(|(kind, what, look)| Some(Sight { what, seen: look(&family(kind)?) }))
        .collect();
    sights.extend(batch(spans).map(|seen| Sight { what: "batch of a night", seen }));
    sights
}

/// A span that sends, a span that processes, and a FollowsFrom link between them.
fn event(family: &Family<'_>) -> Result<String, String> {
    let processed = *family.events().first().ok_or("no service processed the event")?;
    let link = processed
        .span
        .links
        .iter()
        .find(|link| link.is_follows_from())
        .ok_or("the span has no FollowsFrom link")?;
    let sent =
        family.spans.iter().find(|it| it.span.span_id == link.span_id).ok_or("the sender is missing")?;
    let waited = processed.span.start_time_unix_nano.saturating_sub(sent.span.start_time_unix_nano);
    let waited = millis(std::time::Duration::from_nanos(waited));
    Ok(format!(
        "{} of {}, {waited} later {} of {}",
        sent.span.name,
        sent.service_name(),
        processed.span.name,
        processed.service_name()
    ))
}

fn tried_again(family: &Family<'_>) -> Result<String, String> {
    match family.attempts("sms")[..] {
        [first, second] if first.span.is_error() && !second.span.is_error() => {
            let links = second.span.links.iter().filter(|link| link.is_follows_from()).count();
            if links == 0 {
                return Err("the second attempt has no FollowsFrom link".to_owned());
            }
            let reason = text(first, "error.type").unwrap_or_default();
            Ok(format!("{} failed with {reason}; the second attempt follows from it", first.span.name))
        }
        ref attempts => Err(format!("there are {} attempts to send the SMS", attempts.len())),
    }
}

fn given_up(family: &Family<'_>) -> Result<String, String> {
    let attempts = family.attempts("sms");
    let last = attempts.last().ok_or("there is no attempt")?;
    if attempts.iter().any(|it| !it.span.is_error()) {
        return Err("one of the attempts succeeded".to_owned());
    }
    let reason = text(last, "error.type").unwrap_or_default();
    let end = match text(last, "tracing_suite.rabbitmq.message.outcome") {
        Some(outcome) => format!("the last ended with {outcome} and became a dead letter"),
        None => "no more followed".to_owned(),
    };
    Ok(format!("{} attempts, all with {reason}; {end}", attempts.len()))
}

/// Returns `None` if the nightly job has not run.
fn batch(spans: &[FinishedSpan]) -> Option<Result<String, String>> {
    let batch =
        spans.iter().find(|it| it.span.attribute("tracing_suite.messaging.batch.failed_count").is_some())?;
    let count = |key: &str| batch.span.attribute(key).and_then(AnyValue::as_int).unwrap_or(0);
    let (messages, failed) =
        (count("messaging.batch.message_count"), count("tracing_suite.messaging.batch.failed_count"));
    let items = spans.iter().filter(|it| it.span.parent_span_id == batch.span.span_id);
    let (wrong, right): (Vec<_>, Vec<_>) = items.partition(|it| it.span.is_error());
    if wrong.len() as i64 != failed || failed == 0 {
        return Some(Err(format!("{failed} of {messages} records failed, but {} have a span", wrong.len())));
    }
    let links = batch.span.links.len() + batch.span.dropped_links_count as usize;
    Some(Ok(format!(
        "{messages} records in one span with {links} links; the {failed} failed records have spans, and so have {} others",
        right.len()
    )))
}
