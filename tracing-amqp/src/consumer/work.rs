//! The span of a delivery that is being worked on, shared by the delivery and the work.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use tracing_core_lite::messaging::Processing;
use tracing_core_lite::span::Recorder;

use super::settlement::Outcome;
use crate::record::attribute::OUTCOME;
use crate::record::error_class;

/// A `process` span, until it has ended.
#[derive(Debug)]
pub(crate) struct Work(Mutex<State>);

#[derive(Debug)]
struct State {
    /// `None` once it has ended.
    processing: Option<Processing>,
    has_outcome: bool,
    /// Whether a settlement has failed, and that is recorded.
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

    pub(crate) fn failed(&self, error_type: &str, description: &str) {
        self.with_processing(|processing| processing.failed(error_type, description));
    }

    pub(crate) fn failure<E: Error + ?Sized>(&self, error: &E) {
        self.with_processing(|processing| processing.failure(error));
    }

    pub(crate) fn failure_of<E: Error + ?Sized>(&self, class: &str, error: &E) {
        self.with_processing(|processing| processing.failure_of(class, error));
    }

    /// Records that the delivery could not be settled.
    pub(crate) fn settlement_failed(&self, error: &lapin::Error) {
        self.failure_of(error_class::of_error(error), error);
        self.with(|state| state.is_unsettled = true);
    }

    /// Records the error that the work ended with, unless that comes of a settlement that has failed: its class says more
    /// than the type of an error, and nothing is recorded twice.
    pub(crate) fn ended_with<E: Error + ?Sized>(&self, error: &E) {
        self.with(|state| {
            if let (Some(processing), false) = (&mut state.processing, state.is_unsettled) {
                processing.failure(error);
            }
        });
    }

    /// Records the first outcome there is, and ends the span if that is its end.
    pub(crate) fn settled(&self, outcome: Outcome, is_end: bool) {
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

/// Ends the span when the work is over, or given up.
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
    use tracing_core_lite::messaging::{Destination, Operation, OperationType, Origin, Peer, Settings};
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
            let broker = Broker::new(Settings::new().provider(spans.provider()), Peer::new());
            let operation = Operation::new(OperationType::Process, Destination::new("q"));
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
