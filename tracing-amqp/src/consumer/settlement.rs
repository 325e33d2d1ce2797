//! What becomes of deliveries.

use lapin::message::Delivery;
use lapin::options::{BasicNackOptions, BasicRejectOptions};
use lapin::{Acker, Result};
use opentelemetry::Context;

use super::source::Source;
use crate::record::{Pending, error_class};

/// What became of a delivery: the values of [`messaging.rabbitmq.message.outcome`](crate::attribute::OUTCOME).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// `ack`.
    Ack,
    /// `nack`: thrown away, or dead-lettered.
    Nack,
    /// `nack requeue`: back in its queue.
    NackRequeue,
    /// `reject`: thrown away, or dead-lettered.
    Reject,
    /// `reject requeue`: back in its queue.
    RejectRequeue,
    /// `dropped`: nothing was said, or it could not be said any more. The broker delivers it again once the channel has closed,
    /// unless an `ack` or `nack` of a later delivery with `multiple` has settled it with those before it: lapin tells nobody
    /// which ones that were.
    Dropped,
    /// `automatic`: the consumer does not acknowledge (`no_ack`).
    Automatic,
    /// `settled elsewhere`: by the bare [`Acker`], which does not tell how, or by a call that was given up on its way.
    Elsewhere,
}

impl Outcome {
    pub(crate) fn of_nack(options: BasicNackOptions) -> Self {
        if options.requeue { Self::NackRequeue } else { Self::Nack }
    }

    pub(crate) fn of_reject(options: BasicRejectOptions) -> Self {
        if options.requeue { Self::RejectRequeue } else { Self::Reject }
    }

    /// Of a delivery that its owner has let go.
    pub(crate) fn of_dropped(acker: &Acker, no_ack: bool) -> Self {
        match () {
            () if no_ack => Self::Automatic,
            () if acker.usable() || acker.poisoned() => Self::Dropped,
            () => Self::Elsewhere,
        }
    }

    /// The attribute's value.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ack => "ack",
            Self::Nack => "nack",
            Self::NackRequeue => "nack requeue",
            Self::Reject => "reject",
            Self::RejectRequeue => "reject requeue",
            Self::Dropped => "dropped",
            Self::Automatic => "automatic",
            Self::Elsewhere => "settled elsewhere",
        }
    }

    /// `messaging.operation.name` of the settlement.
    fn operation(self) -> &'static str {
        match self {
            Self::Nack | Self::NackRequeue => "nack",
            Self::Reject | Self::RejectRequeue => "reject",
            _ => "ack",
        }
    }
}

/// Does `settling`, in a span below that of `context` if such spans are wanted.
pub(crate) async fn trace(
    source: &Source,
    delivery: &Delivery,
    name: Option<&str>,
    outcome: Outcome,
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
            Err(error) => in_flight.failure_of(error_class::of_error(error), error),
        }
    }
    settled
}
