//! What one order must leave behind: spans of every service, by every transport, in whole traces, here and in the backend.

use std::collections::BTreeSet;
use std::io;

use serde_json::Value;

use super::http;
use super::spans::{Span, connected};

/// The services that an order passes.
pub(crate) const SERVICES: [&str; 5] = ["gateway", "auth", "orders", "payment", "card-processor"];

/// How an order gets from one to the other: a name, and the attribute by which its spans are known.
const TRANSPORTS: [(&str, &str, &str); 1] = [("HTTP", "http.request.method", "POST")];

/// The span of the gateway with which an order begins.
const FIRST: (&str, &str) = ("gateway", "POST /orders");

/// The ids of those traces of `spans` that begin with an order.
pub(crate) fn orders(spans: &[Span]) -> Vec<&str> {
    let first = spans.iter().filter(|span| span.parent.is_empty() && (&*span.service, &*span.name) == FIRST);
    first.map(|span| span.trace.as_str()).collect()
}

/// What is missing from the order whose trace is `id`; nothing when all of it is there.
pub(crate) fn missing(spans: &[Span], id: &str) -> Vec<String> {
    let spans = connected(spans, id);
    let mut missing = Vec::new();
    for service in SERVICES {
        if !spans.iter().any(|span| span.service == service) {
            missing.push(format!("no span of {service}"));
        }
    }
    for (transport, attribute, value) in TRANSPORTS {
        if !spans.iter().any(|span| span.attributes.get(attribute).is_some_and(|found| found == value)) {
            missing.push(format!("no span of {transport} ({attribute}={value})"));
        }
    }
    let known: BTreeSet<(&str, &str)> = spans.iter().map(|span| (&*span.trace, &*span.id)).collect();
    for span in spans {
        if !span.parent.is_empty() && !known.contains(&(&*span.trace, &*span.parent)) {
            missing.push(format!(
                "an orphan: {} of {}, whose parent {} is nowhere",
                span.name, span.service, span.parent
            ));
        }
    }
    missing
}

/// What the backend, whose query API is at `port`, has not received of the order whose trace is `id`.
pub(crate) fn not_received(spans: &[Span], id: &str, port: u16) -> io::Result<Vec<String>> {
    let mut missing = Vec::new();
    let spans = connected(spans, id);
    let traces: BTreeSet<&str> = spans.iter().map(|span| span.trace.as_str()).collect();
    for trace in traces {
        let answer = http::get(port, &format!("/api/traces/{trace}"))?;
        let answer: Value =
            if answer.status == 200 { serde_json::from_str(&answer.body)? } else { Value::Null };
        let received = answer["data"][0]["spans"].as_array().map_or(&[][..], Vec::as_slice);
        let received: BTreeSet<&str> = received.iter().filter_map(|span| span["spanID"].as_str()).collect();
        for span in spans.iter().filter(|span| span.trace == trace && !received.contains(&*span.id)) {
            missing.push(format!("the backend has not received {} of {}", span.name, span.service));
        }
    }
    Ok(missing)
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
            attributes: TRANSPORTS
                .iter()
                .map(|(_, attribute, value)| ((*attribute).to_owned(), (*value).to_owned()))
                .collect::<BTreeMap<_, _>>(),
            links: Vec::new(),
        }
    }

    fn whole() -> Vec<Span> {
        let ids: Vec<String> = (0..SERVICES.len()).map(|index| index.to_string()).collect();
        let parents = [""].into_iter().chain(ids.iter().map(String::as_str));
        SERVICES
            .iter()
            .zip(&ids)
            .zip(parents)
            .map(|((service, id), parent)| span(service, id, parent))
            .collect()
    }

    #[test]
    fn a_whole_order_misses_nothing() {
        let spans = whole();
        assert_eq!(orders(&spans), ["a"]);
        assert_eq!(missing(&spans, "a"), Vec::<String>::new());
    }

    #[test]
    fn whatever_is_missing_is_named() {
        let mut without_service = whole();
        without_service.pop();
        let mut orphaned = whole();
        orphaned[1].parent = "nobody".into();
        let mut without_transport = whole();
        without_transport.iter_mut().for_each(|span| span.attributes.clear());
        for (spans, word) in
            [(without_service, "no span of"), (orphaned, "orphan"), (without_transport, "no span of HTTP")]
        {
            let missing = missing(&spans, "a");
            assert!(missing.iter().any(|line| line.contains(word)), "{word}: {missing:?}");
        }
    }
}
