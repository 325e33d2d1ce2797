//! The broker's word on a published message.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lapin::message::BasicReturnMessage;
use lapin::{Confirmation, PublisherConfirm, Result};
use tracing_core_lite::messaging::InFlight;

use crate::attribute::CONFIRM;
use crate::error_class::{self, NACK};

/// A [`PublisherConfirm`] whose span ends when the broker has spoken.
///
/// Its output is that of the bare one. The span says what the broker said in
/// [`messaging.rabbitmq.confirm`](crate::attribute::CONFIRM), and has failed when that was no (`error.type` `nack`), or that
/// there is no queue for a mandatory message (`error.type` `NO_ROUTE`), or when the channel broke. Dropped before, the message
/// is published all the same, and the span ends with `ignored`.
///
/// Without publisher confirms the span has ended already.
#[must_use = "the broker may have said no; drop it to ignore that"]
pub struct TracedConfirm {
    confirm: PublisherConfirm,
    /// `None` once it has ended.
    in_flight: Option<InFlight>,
}

impl TracedConfirm {
    pub(crate) fn new(confirm: PublisherConfirm, in_flight: Option<InFlight>) -> Self {
        Self { confirm, in_flight }
    }
}

impl Future for TracedConfirm {
    type Output = Result<Confirmation>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = ready!(Pin::new(&mut self.confirm).poll(cx));
        if let Some(in_flight) = self.in_flight.take() {
            record(in_flight, &outcome);
        }
        Poll::Ready(outcome)
    }
}

impl Drop for TracedConfirm {
    fn drop(&mut self) {
        if let Some(in_flight) = self.in_flight.take() {
            in_flight.end_with(|span| {
                span.set(CONFIRM, "ignored");
            });
        }
    }
}

fn record(mut in_flight: InFlight, outcome: &Result<Confirmation>) {
    let said = match outcome {
        Ok(Confirmation::Ack(None)) => Some("ack"),
        Ok(Confirmation::Ack(Some(returned)) | Confirmation::Nack(Some(returned))) => {
            fail_returned(&mut in_flight, returned);
            Some("returned")
        }
        Ok(Confirmation::Nack(None)) => {
            in_flight.failed(NACK, "");
            Some("nack")
        }
        Ok(Confirmation::NotRequested) => None,
        Err(error) => {
            in_flight.failure_of(error_class::of_error(error), error);
            None
        }
    };
    in_flight.end_with(|span| {
        span.set_some(CONFIRM, said);
    });
}

fn fail_returned(in_flight: &mut InFlight, returned: &BasicReturnMessage) {
    in_flight.failed(error_class::of_reply_code(returned.reply_code), returned.reply_text.as_str());
}

impl fmt::Debug for TracedConfirm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracedConfirm").finish_non_exhaustive()
    }
}
