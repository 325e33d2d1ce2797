//! The future of a message's delivery report.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_channel::oneshot;
use rdkafka::producer::DeliveryFuture;
use rdkafka::producer::future_producer::OwnedDeliveryResult;
use tracing_core_lite::error_class::CANCELLED;
use tracing_core_lite::messaging::{InFlight, Report, Reported};

use super::sending::{Sending, record_cancelled, record_report};

/// The future of a message's delivery report, with the output of rdkafka's [`DeliveryFuture`].
///
/// - From a [`TracedFutureProducer`](super::TracedFutureProducer): the producer's delivery callback ends the span,
///   whether this future is polled, kept or dropped.
/// - From a [`WrappedFutureProducer`](super::WrappedFutureProducer): see its documentation.
#[must_use = "the delivery may fail"]
pub struct TracedDeliveryFuture(Source);

enum Source {
    Callback(oneshot::Receiver<OwnedDeliveryResult>),
    Wrapped(Reported<WrappedDelivery>),
    Unobserved(DeliveryFuture),
}

impl TracedDeliveryFuture {
    pub(super) fn of_callback(report: oneshot::Receiver<OwnedDeliveryResult>) -> Self {
        Self(Source::Callback(report))
    }

    pub(super) fn wrap(report: DeliveryFuture, sending: Sending) -> Self {
        Self(match sending.into_operation() {
            Some(sending) => Source::Wrapped(Reported::new(WrappedDelivery(report), sending)),
            None => Source::Unobserved(report),
        })
    }
}

impl Future for TracedDeliveryFuture {
    type Output = <DeliveryFuture as Future>::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Source::Callback(report) => Pin::new(report).poll(context),
            Source::Wrapped(report) => Pin::new(report).poll(context),
            Source::Unobserved(report) => Pin::new(report).poll(context),
        }
    }
}

/// The report of a bare producer.
pub(super) struct WrappedDelivery(DeliveryFuture);

impl Future for WrappedDelivery {
    type Output = <DeliveryFuture as Future>::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context)
    }
}

impl Report for WrappedDelivery {
    fn record(report: &Self::Output, sending: &mut InFlight) {
        match report {
            Ok(report) => record_report(sending, report),
            Err(error) => sending.failed(CANCELLED, &error.to_string()),
        }
    }

    fn record_cancelled(&self, sending: &mut InFlight) {
        record_cancelled(sending);
    }
}

impl fmt::Debug for TracedDeliveryFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracedDeliveryFuture").finish_non_exhaustive()
    }
}
