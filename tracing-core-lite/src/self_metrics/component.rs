//! The attributes of components.

use std::collections::BTreeMap;

use opentelemetry::KeyValue;

use crate::net::{HostPort, default_port};
use crate::pipeline::report::StatsPart;

const TYPE: &str = "otel.component.type";
const NAME: &str = "otel.component.name";

/// A part of the pipeline, by its attributes.
#[derive(Debug, Clone)]
pub(super) struct Component(Vec<KeyValue>);

impl Component {
    /// Returns the batch processor of the provider.
    pub(super) fn processor() -> Self {
        Self::named("batching_span_processor", 0)
    }

    /// Returns the exporter of this type with this number among those of the provider.
    pub(super) fn of_exporter(
        component_type: &'static str,
        number: usize,
        destination: Option<&str>,
    ) -> Self {
        let mut component = Self::named(component_type, number);
        if let Some((address, port)) = destination.and_then(server) {
            component.0.push(KeyValue::new("server.address", address));
            component.0.extend(port.map(|port| KeyValue::new("server.port", i64::from(port))));
        }
        component
    }

    /// Returns the exporters of a fan-out.
    pub(super) fn of_parts(parts: &[StatsPart]) -> Vec<Self> {
        let mut numbers = BTreeMap::<&str, usize>::new();
        let component = |part: &StatsPart| {
            let next = numbers.entry(part.component_type()).or_default();
            let number = std::mem::replace(next, *next + 1);
            Self::of_exporter(part.component_type(), number, part.read().destination.as_deref())
        };
        parts.iter().map(component).collect()
    }

    fn named(component_type: &'static str, number: usize) -> Self {
        Self(vec![
            KeyValue::new(TYPE, component_type),
            KeyValue::new(NAME, format!("{component_type}/{number}")),
        ])
    }

    pub(super) fn attributes(&self) -> &[KeyValue] {
        &self.0
    }

    /// Returns the attributes of the component and others.
    pub(super) fn with(&self, others: impl IntoIterator<Item = KeyValue>) -> Vec<KeyValue> {
        self.0.iter().cloned().chain(others).collect()
    }
}

/// Returns the host and the port of a URL. Other destinations have none.
fn server(destination: &str) -> Option<(String, Option<u16>)> {
    let (scheme, rest) = destination.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = HostPort::parse(authority)?.or_port_of(Some(scheme));
    Some((host.host.to_owned(), host.port.or_else(|| default_port(scheme))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_is_that_of_the_url() {
        for (destination, expected) in [
            ("http://collector:4318/v1/traces", Some(("collector", Some(4318)))),
            ("https://collector.example", Some(("collector.example", Some(443)))),
            ("http://[::1]:4317", Some(("::1", Some(4317)))),
            ("spans.jsonl", None),
            ("http://", None),
        ] {
            let found = server(destination);
            assert_eq!(found.as_ref().map(|(host, port)| (host.as_str(), *port)), expected, "{destination}");
        }
    }
}
