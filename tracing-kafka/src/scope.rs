//! Who records.

use rdkafka::ClientConfig;
use tracing_core_lite::InstrumentationScope;
use tracing_core_lite::messaging::{Client, Peer, Settings};

use crate::peer;

/// The shared part of a wrapper, of a client that was made from `config`.
pub(crate) fn client(settings: Settings, config: Option<&ClientConfig>) -> Client {
    let scope = InstrumentationScope::builder("tracing-kafka")
        .with_version(env!("CARGO_PKG_VERSION"))
        .with_schema_url("https://opentelemetry.io/schemas/1.44.0")
        .build();
    Client::new("kafka", scope, settings, config.map_or_else(Peer::new, peer::of))
}
