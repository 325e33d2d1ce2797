//! An operation that waits for lapin.

use tracing_core_lite::messaging::InFlight;

use super::error_class::CANCELLED;

/// An operation that fails as cancelled if this is dropped before [`done`](Pending::done).
#[derive(Debug)]
pub(crate) struct Pending(Option<InFlight>);

impl Pending {
    pub(crate) fn new(in_flight: InFlight) -> Self {
        Self(Some(in_flight))
    }

    /// Returns the operation. Always `Some`.
    pub(crate) fn done(mut self) -> Option<InFlight> {
        self.0.take()
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if let Some(mut in_flight) = self.0.take() {
            in_flight.failed(CANCELLED, "");
        }
    }
}
