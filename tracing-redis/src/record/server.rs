//! The server that a connection leads to.

use tracing_core_lite::Recorder;

use super::attribute::{SERVER_ADDRESS, SERVER_PORT};

/// The server that a connection leads to.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    address: String,
    port: Option<u16>,
    /// `address:port`, for the names of spans.
    target: String,
}

impl Server {
    pub(crate) fn new(address: String, port: Option<u16>) -> Self {
        let target = match port {
            Some(port) => format!("{address}:{port}"),
            None => address.clone(),
        };
        Self { address, port, target }
    }

    /// Returns `address:port`, or the address if there is no port.
    pub(crate) fn target(&self) -> &str {
        &self.target
    }

    pub(crate) fn record(&self, span: &mut Recorder<'_>) {
        span.set(SERVER_ADDRESS, &self.address).set_some(SERVER_PORT, self.port);
    }

    #[cfg(feature = "metrics")]
    pub(super) fn key_values(&self) -> impl Iterator<Item = opentelemetry::KeyValue> + '_ {
        let port = self.port.map(|port| opentelemetry::KeyValue::new(SERVER_PORT, i64::from(port)));
        std::iter::once(opentelemetry::KeyValue::new(SERVER_ADDRESS, self.address.clone())).chain(port)
    }
}
