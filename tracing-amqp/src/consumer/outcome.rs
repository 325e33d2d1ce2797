//! The outcomes of deliveries.

use lapin::Acker;
use lapin::options::{BasicNackOptions, BasicRejectOptions};

/// The outcome of a delivery: the values of [`tracing_suite.rabbitmq.message.outcome`](crate::attribute::OUTCOME).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeliveryOutcome {
    /// `ack`.
    Ack,
    /// `nack`: the broker discards or dead-letters the message.
    Nack,
    /// `nack requeue`: the message returns to its queue.
    NackRequeue,
    /// `reject`: the broker discards or dead-letters the message.
    Reject,
    /// `reject requeue`: the message returns to its queue.
    RejectRequeue,
    /// `dropped`: not settled, or the settlement failed. The broker delivers the message again once the channel has
    /// closed, unless a later `ack` or `nack` with `multiple` settled this delivery too. lapin does not report which
    /// deliveries such a call settles.
    Dropped,
    /// `automatic`: the consumer does not acknowledge (`no_ack`).
    Automatic,
    /// `settled elsewhere`: by the bare [`Acker`], which does not report the outcome, or by a call that was dropped
    /// midway.
    Elsewhere,
}

impl DeliveryOutcome {
    pub(super) fn of_nack(options: BasicNackOptions) -> Self {
        if options.requeue { Self::NackRequeue } else { Self::Nack }
    }

    pub(super) fn of_reject(options: BasicRejectOptions) -> Self {
        if options.requeue { Self::RejectRequeue } else { Self::Reject }
    }

    /// Returns the outcome of a delivery that its owner dropped.
    pub(super) fn of_dropped(acker: &Acker, no_ack: bool) -> Self {
        if no_ack {
            Self::Automatic
        } else if acker.usable() || acker.poisoned() {
            Self::Dropped
        } else {
            Self::Elsewhere
        }
    }

    /// Returns the attribute's value.
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

    /// Returns the `messaging.operation.name` of the settlement.
    pub(super) fn operation(self) -> &'static str {
        match self {
            Self::Nack | Self::NackRequeue => "nack",
            Self::Reject | Self::RejectRequeue => "reject",
            _ => "ack",
        }
    }
}
