//! The `process` span of a delivery, which the delivery and the work share.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use tracing_core_lite::messaging::Processing;
use tracing_core_lite::span::Recorder;

use super::outcome::DeliveryOutcome;
use crate::record::attribute::OUTCOME;
use crate::record::error_class;

/// A `process` span, until it ends.
#[derive(Debug)]
pub(crate) struct Work(Mutex<State>);

#[derive(Debug)]
struct State {
    /// `None` once it has ended.
    processing: Option<Processing>,
    has_outcome: bool,
    /// Whether a settlement has failed. That error is then recorded.
    is_unsettled: bool,
}

impl Work {
    pub(crate) fn new(processing: Processing) -> Self {
        Self(Mutex::new(State { processing: Some(processing), has_outcome: false, is_unsettled: false }))
    }

    fn with(&self, then: impl FnOnce(&mut State)) {
        then(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn with_processing(&self, then: impl FnOnce(&mut Processing)) {
        self.with(|state| {
            if let Some(processing) = &mut state.processing {
                then(processing);
            }
        });
    }

    pub(crate) fn record(&self, write: impl FnOnce(&mut Recorder<'_>)) {
        self.with_processing(|processing| processing.record(write));
    }

    pub(crate) fn record_error<E: Error + ?Sized>(&self, error: &E) {
        self.with_processing(|processing| processing.record_error(error));
    }

    pub(crate) fn record_error_as<E: Error + ?Sized>(&self, class: &str, error: &E) {
        self.with_processing(|processing| processing.record_error_as(class, error));
    }

    /// Records that the delivery could not be settled.
    pub(crate) fn settlement_failed(&self, error: &lapin::Error) {
        self.record_error_as(error_class::of_error(error), error);
        self.with(|state| state.is_unsettled = true);
    }

    /// Records the error of the work, unless a failed settlement is already recorded. The class of the settlement's
    /// error is more specific than the type of the work's error, which is often the same error.
    pub(crate) fn ended_with<E: Error + ?Sized>(&self, error: &E) {
        self.with(|state| {
            if let (Some(processing), false) = (&mut state.processing, state.is_unsettled) {
                processing.record_error(error);
            }
        });
    }

    /// Records the outcome unless there is one already, and ends the span if `is_end`.
    pub(crate) fn settled(&self, outcome: DeliveryOutcome, is_end: bool) {
        self.with(|state| {
            if let (Some(processing), false) = (&state.processing, state.has_outcome) {
                processing.record(|span| {
                    span.set(OUTCOME, outcome.as_str());
                });
                state.has_outcome = true;
            }
            if is_end {
                state.processing = None;
            }
        });
    }
}

/// Ends the span when the work ends or is dropped.
pub(crate) struct EndOnDrop(pub(crate) Arc<Work>);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.0.with(|state| state.processing = None);
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use lapin::{ChannelState, ErrorKind};
    use tracing_core_lite::messaging::attribute::ERROR_TYPE;
    use tracing_core_lite::messaging::{
        Destination, MessagingOperation, OperationType, Origin, Peer, Settings,
    };
    use tracing_core_lite::testing::TestSpans;

    use super::*;
    use crate::Broker;

    #[test]
    fn a_settlement_that_fails_stays_the_failure_of_the_work() {
        let unsettled = lapin::Error::from(ErrorKind::InvalidChannelState(ChannelState::Closed, "ack"));
        let of_the_work = io::Error::other("no paper");
        for (settlement, error, expected) in [
            (Some(&unsettled), &unsettled as &dyn Error, "invalid_channel_state"),
            (Some(&unsettled), &of_the_work, "invalid_channel_state"),
            (None, &of_the_work, std::any::type_name::<dyn Error>()),
        ] {
            let spans = TestSpans::new();
            let broker = Broker::new(Settings::new().with_provider(spans.provider()), Peer::new());
            let operation = MessagingOperation::new(OperationType::Process, Destination::new("q"));
            let work = Work::new(broker.client().process(&operation, &Origin::default(), |_| {}));
            if let Some(error) = settlement {
                work.settlement_failed(error);
            }
            work.ended_with(error);
            drop(work);
            let span = spans.one("process q");
            assert_eq!(span.text(ERROR_TYPE), Some(expected));
            assert_eq!(span.events.len(), 1, "{expected}");
        }
    }
}
