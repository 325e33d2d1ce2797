//! The broker's confirm of a published message.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use lapin::message::BasicReturnMessage;
use lapin::{Confirmation, PublisherConfirm, Result};
use tracing_core_lite::messaging::{InFlight, Report, Reported};

use super::returned::ReturnedMessages;
use crate::record::attribute::CONFIRM;
use crate::record::error_class::{self, NACK};

/// The future of a [`PublisherConfirm`]. It ends the span when the broker has confirmed or refused the message.
///
/// Its output is that of the bare future. The span has the broker's answer in
/// [`tracing_suite.rabbitmq.confirm`](crate::attribute::CONFIRM). It has failed if the broker refused the message
/// (`error.type` `nack`), if there is no queue for a mandatory message (`NO_ROUTE`), or if the channel failed.
///
/// lapin offers the confirm only as a future, so the end of the span depends on the runtime on which the message was
/// published:
///
/// - On a tokio runtime, the span ends when the confirm arrives. If this future is not being awaited, a task on the
///   runtime ends the span. This also holds after the future is dropped, unless the message is mandatory or immediate:
///   lapin then keeps the confirm, so that `wait_for_confirms` can return the message.
/// - On another runtime, the span ends when this future is polled or dropped, with the time at which the confirm arrived.
/// - If it is dropped before the confirm, and no task waits for the confirm, the span ends then with `ignored`. The
///   message may still be published.
///
/// Without publisher confirms, the span has already ended.
#[must_use = "the broker may have refused the message; drop this to ignore that"]
pub struct TracedConfirm(Source);

enum Source {
    Unobserved(PublisherConfirm),
    Observed(Reported<Confirm>),
}

impl TracedConfirm {
    /// Wraps `confirm`. `returned` is set for a message that the broker may return.
    pub(crate) fn new(
        confirm: PublisherConfirm,
        publishing: Option<InFlight>,
        returned: Option<ReturnedMessages>,
    ) -> Self {
        Self(match publishing.filter(InFlight::is_observed) {
            Some(publishing) => {
                Source::Observed(Reported::new(Confirm { inner: confirm, returned }, publishing))
            }
            None => Source::Unobserved(confirm),
        })
    }
}

impl Future for TracedConfirm {
    type Output = Result<Confirmation>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Source::Unobserved(confirm) => Pin::new(confirm).poll(cx),
            Source::Observed(confirm) => Pin::new(confirm).poll(cx),
        }
    }
}

/// A confirm whose span is open.
struct Confirm {
    inner: PublisherConfirm,
    returned: Option<ReturnedMessages>,
}

impl Future for Confirm {
    type Output = Result<Confirmation>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.inner).poll(cx)
    }
}

impl Report for Confirm {
    fn record(report: &Self::Output, publishing: &mut InFlight) {
        let answer = match report {
            Ok(Confirmation::Ack(None)) => "ack",
            Ok(Confirmation::Ack(Some(returned)) | Confirmation::Nack(Some(returned))) => {
                fail_returned(publishing, returned);
                "returned"
            }
            Ok(Confirmation::Nack(None)) => {
                publishing.failed(NACK, "");
                "nack"
            }
            Ok(Confirmation::NotRequested) => return,
            Err(error) => return publishing.record_error_as(error_class::of_error(error), error),
        };
        publishing.record(|span| {
            span.set(CONFIRM, answer);
        });
    }

    fn record_cancelled(&self, publishing: &mut InFlight) {
        publishing.record(|span| {
            span.set(CONFIRM, "ignored");
        });
    }

    fn is_awaited_when_dropped(&self) -> bool {
        self.returned.is_none()
    }

    fn discard(&self, report: Self::Output) {
        if let (Some(returned), Ok(Confirmation::Ack(Some(message)) | Confirmation::Nack(Some(message)))) =
            (&self.returned, report)
        {
            returned.push(message);
        }
    }
}

fn fail_returned(publishing: &mut InFlight, returned: &BasicReturnMessage) {
    publishing.failed(error_class::of_reply_code(returned.reply_code), returned.reply_text.as_str());
}

impl fmt::Debug for TracedConfirm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracedConfirm").finish_non_exhaustive()
    }
}
