//! The trace that one order must produce: spans of every service, over every transport, in the files and in the backend.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;

use serde_json::Value;

use super::http;
use super::spans::{Span, of_trace};

/// The service of another company. It receives a pseudonym, so its spans are in other traces.
const STRANGER: &str = "card-processor";

/// The services that take part in an order.
pub(crate) const SERVICES: [&str; 9] = [
    "gateway",
    "auth",
    "orders",
    "payment",
    STRANGER,
    "inventory",
    "notification",
    "email-worker",
    "sms-worker",
];

/// The transports: a name, and the attribute that their spans have.
const TRANSPORTS: [(&str, &str, &str); 6] = [
    ("HTTP", "http.request.method", "POST"),
    ("gRPC", "rpc.system.name", "grpc"),
    ("SQL", "db.system.name", "postgresql"),
    ("the cache", "db.system.name", "redis"),
    ("Kafka", "messaging.system", "kafka"),
    ("AMQP", "messaging.system", "rabbitmq"),
];

/// The services that work after the response. Their spans follow from earlier spans.
const FOLLOWERS: [&str; 3] = ["notification", "email-worker", "sms-worker"];

/// The name of the gateway's span, the first of an order.
const FIRST: (&str, &str) = ("gateway", "POST /orders");

/// An order that the test places as a traced client, which chooses the trace id.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    trace: String,
    /// The id of the client's span, which is not exported.
    span: String,
}

impl Order {
    pub(crate) fn new() -> Self {
        Self { trace: format!("{:016x}{:016x}", random(), random()), span: format!("{:016x}", random()) }
    }

    /// Returns the header that makes the client's span the parent of the order's spans.
    pub(crate) fn traceparent(&self) -> String {
        format!("00-{}-{}-01", self.trace, self.span)
    }
}

/// Returns what is missing from the trace of `order`; nothing when it is complete.
pub(crate) fn missing(spans: &[Span], order: &Order) -> Vec<String> {
    let spans = of_trace(spans, &order.trace);
    let mut missing = Vec::new();
    if !spans.iter().any(|span| span.parent == order.span && (&*span.service, &*span.name) == FIRST) {
        missing.push(format!("trace {} does not begin with {} of {}", order.trace, FIRST.1, FIRST.0));
    }
    for service in SERVICES {
        let is_there = spans.iter().any(|span| span.service == service);
        if service == STRANGER && is_there {
            missing.push(format!("trace {} has a span of {service}, which gets a pseudonym", order.trace));
        } else if service != STRANGER && !is_there {
            missing.push(format!("trace {} has no span of {service}", order.trace));
        }
    }
    for (transport, attribute, value) in TRANSPORTS {
        if !spans.iter().any(|span| span.attributes.get(attribute).is_some_and(|found| found == value)) {
            missing.push(format!("trace {} has no span of {transport} ({attribute}={value})", order.trace));
        }
    }
    for service in FOLLOWERS {
        if !spans.iter().any(|span| span.service == service && span.links.contains(&order.trace)) {
            missing.push(format!("trace {} has no link from a span of {service}", order.trace));
        }
    }
    let mut known: BTreeSet<(&str, &str)> = spans.iter().map(|span| (&*span.trace, &*span.id)).collect();
    known.insert((&order.trace, &order.span));
    for span in spans {
        if !span.parent.is_empty() && !known.contains(&(&*span.trace, &*span.parent)) {
            let Span { trace, name, service, parent, .. } = span;
            missing.push(format!(
                "trace {trace} has an orphan: {name} of {service}, whose parent {parent} is nowhere"
            ));
        }
    }
    missing
}

/// Returns a random id. The invalid id zero is so unlikely that it is not excluded.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// Returns the spans of `order` that the backend, whose query API is at `port`, has not received.
pub(crate) fn not_received(spans: &[Span], order: &Order, port: u16) -> io::Result<Vec<String>> {
    let mut missing = Vec::new();
    let spans = of_trace(spans, &order.trace);
    let answer = http::get(port, &format!("/api/traces/{}", order.trace))?;
    let answer: Value = if answer.status == 200 { serde_json::from_str(&answer.body)? } else { Value::Null };
    let received = answer["data"][0]["spans"].as_array().map_or(&[][..], Vec::as_slice);
    let received: BTreeSet<&str> = received.iter().filter_map(|span| span["spanID"].as_str()).collect();
    for span in spans.iter().filter(|span| !received.contains(&*span.id)) {
        missing.push(format!("the backend has not received {} of {}", span.name, span.service));
    }
    Ok(missing)
}

/// Returns whether no service has written a span of `order` that begins its trace.
pub(crate) fn is_unwritten(spans: &[Span], order: &Order) -> bool {
    !of_trace(spans, &order.trace).iter().any(|span| span.parent == order.span)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn span(service: &str, id: &str, parent: &str) -> Span {
        Span {
            service: service.into(),
            name: if service == FIRST.0 { FIRST.1 } else { "work" }.into(),
            trace: "a".into(),
            id: id.into(),
            parent: parent.into(),
            attributes: BTreeMap::from([transport(id)]),
            links: vec!["a".into()],
        }
    }

    /// Services alternate between the transports.
    fn transport(id: &str) -> (String, String) {
        let (_, attribute, value) = TRANSPORTS[id.parse::<usize>().unwrap() % TRANSPORTS.len()];
        (attribute.to_owned(), value.to_owned())
    }

    fn order() -> Order {
        Order { trace: "a".into(), span: "client".into() }
    }

    /// Each service calls the next.
    fn whole() -> Vec<Span> {
        let services = SERVICES.iter().filter(|service| **service != STRANGER);
        let ids: Vec<String> = (0..SERVICES.len()).map(|index| index.to_string()).collect();
        let parents = ["client"].into_iter().chain(ids.iter().map(String::as_str));
        services.zip(&ids).zip(parents).map(|((service, id), parent)| span(service, id, parent)).collect()
    }

    #[test]
    fn a_whole_order_misses_nothing() {
        assert_eq!(missing(&whole(), &order()), Vec::<String>::new());
    }

    #[test]
    fn whatever_is_missing_is_named() {
        type Breakage = fn(&mut Vec<Span>);
        let table: [(Breakage, &str); 6] = [
            (|spans| drop(spans.pop()), "no span of sms-worker"),
            (|spans| spans.push(span(STRANGER, "8", "3")), "has a span of card-processor"),
            (|spans| spans[1].parent = "nobody".into(), "an orphan"),
            (|spans| spans.iter_mut().for_each(|span| span.attributes.clear()), "no span of HTTP"),
            (|spans| spans[0].parent.clear(), "does not begin with"),
            (
                |spans| spans.iter_mut().for_each(|span| span.links.clear()),
                "no link from a span of notification",
            ),
        ];
        for (breakage, words) in table {
            let mut spans = whole();
            breakage(&mut spans);
            let missing = missing(&spans, &order());
            assert!(missing.iter().any(|line| line.contains(words)), "{words}: {missing:?}");
        }
    }
}
