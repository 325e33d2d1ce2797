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
    /// Queries the client until it knows the id. Never waits for the broker.
    pub(crate) fn learn<C: ClientContext>(&self, client: &Client<C>) {
        if self.0.get().is_none()
            && let Some(id) = client.fetch_cluster_id(Duration::ZERO)
        {
            self.0.get_or_init(|| id.into());
        }
    }

    /// Sets the id if it is known.
    pub(crate) fn record(&self, span: &mut Recorder<'_>) {
        span.set_some(CLUSTER_ID, self.0.get().map(|id| &**id));
    }
}
