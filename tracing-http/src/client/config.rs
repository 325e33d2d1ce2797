//! What a client layer was told.

use std::collections::HashMap;

use tracing_core_lite::Tracer;
use tracing_core_lite::layer_support::CapturedHeaders;
use tracing_core_lite::net::HostPort;
use tracing_core_lite::propagation::Propagator;
use tracing_core_lite::redact::SecretKeys;

use crate::known_methods::KnownMethods;
use crate::scope::scope;

/// Shared by all clones of the service.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(super) tracer: Tracer,
    pub(super) propagator: Propagator,
    pub(super) known_methods: KnownMethods,
    pub(super) secret_keys: SecretKeys,
    pub(super) request_headers: CapturedHeaders,
    pub(super) response_headers: CapturedHeaders,
    pub(super) peer_services: PeerServices,
    pub(super) deprecated_peer_service: bool,
    pub(super) body_sizes: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            tracer: Tracer::global(scope()),
            propagator: Propagator::global(),
            known_methods: KnownMethods::from_env(),
            secret_keys: SecretKeys::default(),
            request_headers: CapturedHeaders::default(),
            response_headers: CapturedHeaders::default(),
            peer_services: PeerServices::default(),
            deprecated_peer_service: false,
            body_sizes: false,
        }
    }
}

/// Names of services by host, with a port or without.
#[derive(Debug, Clone, Default)]
pub(super) struct PeerServices(HashMap<String, Vec<(Option<u16>, String)>>);

impl PeerServices {
    /// A later name for the same host and port replaces the earlier one. What is not a host is never found.
    pub(super) fn add(&mut self, authority: &str, name: String) {
        let Some(HostPort { host, port }) = HostPort::parse(authority) else { return };
        let names = self.0.entry(host.to_ascii_lowercase()).or_default();
        names.retain(|(other, _)| *other != port);
        names.push((port, name));
        // Names with a port come first.
        names.sort_by_key(|(port, _)| port.is_none());
    }

    pub(super) fn find(&self, host: &str, port: Option<u16>) -> Option<&str> {
        if self.0.is_empty() {
            return None;
        }
        let names = match self.0.get(host) {
            Some(names) => names,
            None => self.0.get(&host.to_ascii_lowercase())?,
        };
        let is_meant = |wanted: &Option<u16>| wanted.is_none() || *wanted == port;
        names.iter().find(|(wanted, _)| is_meant(wanted)).map(|(_, name)| name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_by_host() {
        let mut services = PeerServices::default();
        services.add("Payments.internal", "payments".to_owned());
        services.add("payments.internal:9000", "payments-admin".to_owned());
        services.add("[::1]:80", "local".to_owned());
        services.add("not a host", "x".to_owned());
        for (host, port, expected) in [
            ("payments.internal", Some(443), Some("payments")),
            ("PAYMENTS.internal", None, Some("payments")),
            ("payments.internal", Some(9000), Some("payments-admin")),
            ("::1", Some(80), Some("local")),
            ("::1", Some(81), None),
            ("not a host", None, None),
        ] {
            assert_eq!(services.find(host, port), expected, "{host} {port:?}");
        }
    }
}
