//! The `settle` span of an acknowledgement.

use lapin::Result;
use lapin::message::Delivery;
use opentelemetry::Context;

use super::outcome::DeliveryOutcome;
use super::source::Source;
use crate::record::{Pending, error_class};

/// Runs `settling`, under a span below that of `context` if the settings enable such spans.
pub(crate) async fn trace(
    source: &Source,
    delivery: &Delivery,
    name: Option<&str>,
    outcome: DeliveryOutcome,
    context: &Context,
    settling: impl Future<Output = Result<bool>>,
) -> Result<bool> {
    let Some(in_flight) = source.settle(delivery, name, outcome.operation(), context) else {
        return settling.await;
    };
    let pending = Pending::new(in_flight);
    let settled = settling.await;
    if let Some(in_flight) = &mut pending.done() {
        match &settled {
            Ok(true) => {}
            Ok(false) if delivery.acker.poisoned() => in_flight.failed("channel_closed", ""),
            Ok(false) => in_flight.failed("already_settled", ""),
            Err(error) => in_flight.record_error_as(error_class::of_error(error), error),
        }
    }
    settled
}
