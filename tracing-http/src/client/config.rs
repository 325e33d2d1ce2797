//! The settings of a client layer, shared by the clones of its service.

use std::collections::HashMap;
use std::sync::Arc;

use tracing_core_lite::net::HostPort;
use tracing_core_lite::propagation::boundary::{OutboundBoundary, OutboundPolicy, Receiver};

use crate::config::Config;

/// All settings but the hooks.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClientConfig {
    pub(crate) common: Config,
    pub(crate) peer_services: PeerServices,
    pub(crate) deprecated_peer_service: bool,
    pub(crate) outbound: Option<Arc<OutboundBoundary>>,
    /// Whether the client below may follow redirects with the headers that this layer writes.
    pub(crate) may_redirect: bool,
}

impl ClientConfig {
    /// Returns what a request to `receiver` carries. `None` without a boundary.
    pub(crate) fn outbound_policy(&self, receiver: Receiver<'_>) -> Option<OutboundPolicy> {
        let boundary = self.outbound.as_ref()?;
        if self.may_redirect {
            return Some(OutboundPolicy::Nothing);
        }
        Some(boundary.policy_of(receiver))
    }
}

/// Names of services by host, with or without a port.
#[derive(Debug, Clone, Default)]
pub(crate) struct PeerServices(HashMap<String, Vec<(Option<u16>, String)>>);

impl PeerServices {
    /// Adds a name. It replaces an earlier name of the same host and port. Ignored if `authority` is not a host.
    pub(super) fn add(&mut self, authority: &str, name: String) {
        let Some(HostPort { host, port, .. }) = HostPort::parse(authority) else { return };
        let names = self.0.entry(host.to_ascii_lowercase()).or_default();
        names.retain(|(other, _)| *other != port);
        names.push((port, name));
        // Names with a port come first.
        names.sort_by_key(|(port, _)| port.is_none());
    }

    pub(crate) fn find(&self, host: &str, port: Option<u16>) -> Option<&str> {
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
