//! The requests of callers to the export thread: flushes and the shutdown.

use std::time::Instant;

use crate::buffer::{FlushError, FlushWaker};

/// The requests that the export thread has received so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Requests {
    /// The number of the last flush. Flushes are counted from 1.
    pub(crate) flush: u64,
    /// The number of the last flush that ends a pause between attempts.
    pub(crate) urgent_flush: u64,
    /// Whether the shutdown was requested. No spans will follow.
    pub(crate) closed: bool,
    /// The deadline of the last flush or of the shutdown.
    pub(crate) deadline: Option<Instant>,
}

impl Requests {
    /// Returns whether there is a request that `seen` does not contain.
    pub(crate) fn is_newer_than(self, seen: Self) -> bool {
        self.flush > seen.flush || self.closed != seen.closed
    }

    /// Returns whether there is a request that ends a pause, and that `seen` does not contain.
    pub(crate) fn is_more_urgent_than(self, seen: Self) -> bool {
        self.urgent_flush > seen.urgent_flush || self.closed != seen.closed
    }
}

/// The life of a queue. [`Phase::next`] is the table of its transitions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Phase {
    /// Accepts spans.
    #[default]
    Open,
    /// Accepts no more spans. The export thread exports those that are queued.
    Closing,
    /// The export thread has ended.
    Finished,
}

#[derive(Debug, Clone, Copy)]
enum Event {
    ShutdownRequested,
    ExportThreadEnded,
}

impl Phase {
    const fn next(self, event: Event) -> Self {
        match (self, event) {
            (Phase::Open | Phase::Closing, Event::ShutdownRequested) => Phase::Closing,
            (Phase::Open | Phase::Closing, Event::ExportThreadEnded) => Phase::Finished,
            (Phase::Finished, Event::ShutdownRequested | Event::ExportThreadEnded) => Phase::Finished,
        }
    }
}

/// The requests and the answers to them.
#[derive(Debug, Default)]
pub(super) struct RequestLog {
    phase: Phase,
    /// The numbers of the last flush requested and the last one completed.
    flush_requested: u64,
    flush_done: u64,
    urgent_flush: u64,
    /// The last flush that timed out before the exporter had flushed everything.
    flush_late: u64,
    /// The last flush that the exporter could not do.
    flush_failed: u64,
    /// The outcome of the shutdown, once the exporter is closed.
    shutdown: Option<Result<(), FlushError>>,
    /// The tasks that wait for a flush.
    wakers: Vec<(u64, FlushWaker)>,
    /// The deadline of the last flush or of the shutdown.
    deadline: Option<Instant>,
}

impl RequestLog {
    /// Returns the requests so far.
    pub(super) fn requests(&self) -> Requests {
        Requests {
            flush: self.flush_requested,
            urgent_flush: self.urgent_flush,
            closed: self.phase != Phase::Open,
            deadline: self.deadline,
        }
    }

    /// Returns whether the export thread has ended.
    pub(super) fn is_finished(&self) -> bool {
        self.phase == Phase::Finished
    }

    /// Requests a flush that a caller waits for, and returns its number.
    pub(super) fn request_flush(&mut self, deadline: Instant) -> u64 {
        self.deadline = Some(self.deadline.map_or(deadline, |other| other.max(deadline)));
        let number = self.request_background_flush(None);
        self.urgent_flush = number;
        number
    }

    /// Requests a flush that does not end a pause between attempts, and returns its number.
    pub(super) fn request_background_flush(&mut self, waker: Option<FlushWaker>) -> u64 {
        self.flush_requested += 1;
        self.wakers.extend(waker.map(|waker| (self.flush_requested, waker)));
        self.flush_requested
    }

    /// Returns whether the wait for flush `number` is over.
    pub(super) fn is_flush_over(&self, number: u64) -> bool {
        self.is_finished() || self.flush_done >= number
    }

    /// Returns the outcome of flush `number`, or `None` if it is not over.
    pub(super) fn flush_outcome(&self, number: u64) -> Option<Result<(), FlushError>> {
        if !self.is_flush_over(number) {
            return None;
        }
        Some(if number <= self.flush_failed {
            Err(FlushError::NotDurable)
        } else if number <= self.flush_late {
            Err(FlushError::Timeout)
        } else {
            Ok(())
        })
    }

    /// Marks flush `number` and all earlier ones as done. Returns the tasks that waited for them.
    pub(super) fn complete_flush(
        &mut self,
        number: u64,
        outcome: Result<(), FlushError>,
    ) -> Vec<(u64, FlushWaker)> {
        match outcome {
            Ok(()) => {}
            Err(FlushError::Timeout) => self.flush_late = self.flush_late.max(number),
            Err(_) => self.flush_failed = self.flush_failed.max(number),
        }
        self.flush_done = self.flush_done.max(number);
        if self.flush_done >= self.flush_requested {
            self.deadline = None;
        }
        self.wakers.extract_if(.., |(waits_for, _)| *waits_for <= number).collect()
    }

    /// Notes the outcome of the shutdown.
    pub(super) fn set_shutdown_outcome(&mut self, outcome: Result<(), FlushError>) {
        self.shutdown = Some(outcome);
    }

    /// Returns the outcome of the shutdown, which is over.
    pub(super) fn shutdown_outcome(&self) -> Result<(), FlushError> {
        self.shutdown.unwrap_or(Ok(()))
    }

    /// Requests the shutdown. The first request sets the deadline.
    pub(super) fn request_shutdown(&mut self, deadline: Instant) {
        if self.phase == Phase::Open {
            self.deadline = Some(deadline);
        }
        self.phase = self.phase.next(Event::ShutdownRequested);
    }

    /// Marks the export thread as ended, which completes all flushes. Returns the tasks that waited for them.
    pub(super) fn finish(&mut self) -> Vec<(u64, FlushWaker)> {
        self.phase = self.phase.next(Event::ExportThreadEnded);
        self.flush_done = self.flush_requested;
        std::mem::take(&mut self.wakers)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_phase_never_goes_back() {
        for (phase, after_shutdown) in [
            (Phase::Open, Phase::Closing),
            (Phase::Closing, Phase::Closing),
            (Phase::Finished, Phase::Finished),
        ] {
            assert_eq!(phase.next(Event::ShutdownRequested), after_shutdown, "{phase:?}");
            assert_eq!(phase.next(Event::ExportThreadEnded), Phase::Finished, "{phase:?}");
        }
    }

    #[test]
    fn only_the_first_shutdown_sets_the_deadline() {
        let (first, second) = (Instant::now(), Instant::now() + Duration::from_secs(1));
        let mut log = RequestLog::default();
        log.request_shutdown(first);
        log.request_shutdown(second);
        assert_eq!(log.requests(), Requests { closed: true, deadline: Some(first), ..Requests::default() });
        log.finish();
        log.request_shutdown(second);
        assert_eq!(log.requests().deadline, Some(first));
    }

    #[test]
    fn a_flush_is_over_when_it_or_a_later_one_is_done_or_the_thread_has_ended() {
        let deadline = Instant::now();
        let mut log = RequestLog::default();
        let (first, second) = (log.request_flush(deadline), log.request_flush(deadline));
        assert!(!log.is_flush_over(first));
        log.complete_flush(first, Err(FlushError::Timeout));
        assert_eq!(log.flush_outcome(first), Some(Err(FlushError::Timeout)));
        assert!(!log.is_flush_over(second));
        assert!(log.requests().deadline.is_some(), "another flush waits");
        log.complete_flush(second, Ok(()));
        assert_eq!(log.flush_outcome(second), Some(Ok(())));
        assert!(log.requests().deadline.is_none());
        let third = log.request_flush(deadline);
        log.finish();
        assert!(log.is_flush_over(third));
    }
}
