//! The phases of the export thread.

/// What the export thread is doing. [`Phase::next`] is the table of transitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Waits until a batch is full.
    Waiting,
    /// Rests after full batches, even if more are waiting, until the queue fills up.
    Resting,
    /// Exports full batches.
    ExportingBatches,
    /// Exports all spans, including those that threads still hold.
    ExportingAll,
    /// Exports all spans and answers a flush or the shutdown.
    Answering,
    Ended,
}

/// What ended a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// There is a full batch, or the rest is over.
    BatchDue,
    /// The schedule delay has passed.
    Tick,
    /// A flush or the shutdown was requested.
    Request,
    /// Full batches were exported.
    Exported,
    /// There is nothing more to export for now.
    Drained,
    /// The shutdown was answered.
    Closed,
}

impl Phase {
    /// Returns the phase that follows when `event` ends this one. Events that do not belong to a phase lead to
    /// [`Phase::Waiting`], from where every other phase can be reached.
    pub(super) const fn next(self, event: Event) -> Self {
        match (self, event) {
            (Phase::Waiting | Phase::Resting, Event::BatchDue) => Phase::ExportingBatches,
            (Phase::Waiting | Phase::Resting, Event::Tick) => Phase::ExportingAll,
            (Phase::Waiting | Phase::Resting, Event::Request) => Phase::Answering,
            (Phase::ExportingBatches, Event::Exported) => Phase::Resting,
            (Phase::ExportingBatches | Phase::ExportingAll | Phase::Answering, Event::Drained) => {
                Phase::Waiting
            }
            (Phase::Answering, Event::Closed) | (Phase::Ended, _) => Phase::Ended,
            _ => Phase::Waiting,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, Phase};

    const PHASES: [Phase; 6] = [
        Phase::Waiting,
        Phase::Resting,
        Phase::ExportingBatches,
        Phase::ExportingAll,
        Phase::Answering,
        Phase::Ended,
    ];
    const EVENTS: [Event; 6] =
        [Event::BatchDue, Event::Tick, Event::Request, Event::Exported, Event::Drained, Event::Closed];

    #[test]
    fn a_request_is_answered_from_each_phase_that_waits() {
        for waiting in [Phase::Waiting, Phase::Resting] {
            assert_eq!(waiting.next(Event::Request), Phase::Answering);
        }
        assert_eq!(Phase::Answering.next(Event::Drained), Phase::Waiting, "after a flush");
        assert_eq!(Phase::Answering.next(Event::Closed), Phase::Ended, "after the shutdown");
    }

    #[test]
    fn only_an_answered_shutdown_ends_the_thread() {
        for phase in PHASES {
            for event in EVENTS {
                let ends = phase == Phase::Ended || (phase, event) == (Phase::Answering, Event::Closed);
                assert_eq!(phase.next(event) == Phase::Ended, ends, "{phase:?}, {event:?}");
            }
        }
    }

    #[test]
    fn only_exported_batches_lead_to_a_rest() {
        for phase in PHASES {
            for event in EVENTS {
                let rests = (phase, event) == (Phase::ExportingBatches, Event::Exported);
                assert_eq!(phase.next(event) == Phase::Resting, rests, "{phase:?}, {event:?}");
            }
        }
    }
}
