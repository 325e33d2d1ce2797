//! The span of a delivery that is being worked on, shared by the delivery and the work.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use tracing_core_lite::messaging::Processing;
use tracing_core_lite::span::Recorder;

use crate::attribute::OUTCOME;
use crate::settlement::Outcome;

/// A `process` span, until it has ended.
#[derive(Debug)]
pub(crate) struct Work(Mutex<State>);

#[derive(Debug)]
struct State {
    /// `None` once it has ended.
    processing: Option<Processing>,
    has_outcome: bool,
}

impl Work {
    pub(crate) fn new(processing: Processing) -> Self {
        Self(Mutex::new(State { processing: Some(processing), has_outcome: false }))
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
