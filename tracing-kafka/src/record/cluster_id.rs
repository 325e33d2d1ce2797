//! The id of the cluster that a client is connected to.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rdkafka::client::{Client, ClientContext};
use tracing_core_lite::span::Recorder;

use super::attribute::CLUSTER_ID;

/// The cluster's id, once the client has received it. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClusterId(Arc<OnceLock<Box<str>>>);

impl ClusterId {
    /// Sets the id if the client knows it. Never waits for the broker.
    pub(crate) fn record<C: ClientContext>(&self, client: &Client<C>, span: &mut Recorder<'_>) {
        let id = self.0.get().or_else(|| {
            let id = client.fetch_cluster_id(Duration::ZERO)?;
            Some(self.0.get_or_init(|| id.into()))
        });
        span.set_some(CLUSTER_ID, id.map(|id| &**id));
    }
}
