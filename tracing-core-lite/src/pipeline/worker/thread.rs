//! The loop of the export thread.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::pending::Aside;
use super::phase::{Event, Phase};
use super::request_durations::RequestDurations;
use crate::buffer::FlushError;
use crate::clock::after;
use crate::context::suppress_tracing;
use crate::cost::OwnThread;
use crate::overhead::{Monitor, WindowInputs};
use crate::pipeline::exporter::Exporter;
use crate::pipeline::frame::Framer;
use crate::pipeline::queue::{Queue, Requests, WakeAt};
use crate::pipeline::reachability::Reachability;
use crate::pipeline::report::{PipelineStats, Reporter};
use crate::span::scopes::Scopes;

/// The time for the exporter to close its sink after the shutdown deadline.
const LAST_CALL: Duration = Duration::from_millis(100);

/// The length of a rest. Under sustained load the thread is either working or resting, so threads that end spans do not
/// spend time on waking it.
const REST: Duration = Duration::from_millis(20);

/// What the thread shares with the provider.
pub(crate) struct Link {
    pub(crate) queue: Arc<Queue>,
    pub(crate) scopes: Arc<Scopes>,
    pub(crate) monitor: Arc<Monitor>,
}

pub(super) struct Worker {
    pub(super) queue: Arc<Queue>,
    pub(super) scopes: Arc<Scopes>,
    pub(super) monitor: Arc<Monitor>,
    pub(super) requests: RequestDurations,
    pub(super) framer: Framer,
    pub(super) exporter: Box<dyn Exporter>,
    /// Whether the exporter accepts batches before it has exported them, and counts them itself.
    pub(super) counts_itself: bool,
    pub(super) reporter: Reporter,
    pub(super) reachability: Reachability,
    /// `error.type` of the last attempt.
    pub(super) error_type: Option<Cow<'static, str>>,
    /// Batches that failed while another one was being retried. Empty outside of `export_next`.
    pub(super) aside: Aside,
    /// The end of the schedule delay.
    pub(super) tick: Instant,
    /// The requests that have been answered, or are answered in this round.
    answered: Requests,
    /// The newest known requests. Those that arrived while a batch was being retried wait for the next round.
    pub(super) seen: Requests,
}

/// Starts the thread.
pub(crate) fn spawn(link: Link, framer: Framer, mut exporter: Box<dyn Exporter>) -> std::io::Result<()> {
    let Link { queue, scopes, monitor } = link;
    let counts_itself = exporter.count_into(&PipelineStats::new(queue.shared_stats()));
    std::thread::Builder::new().name("span-export".to_owned()).spawn(move || {
        // Spans of the exporter itself must not be recorded, or each export would cause another.
        let _suppressed = suppress_tracing();
        let _own = OwnThread::enter();
        let closer = Closer(Arc::clone(&queue));
        let worker = Worker {
            tick: after(queue.limits().schedule_delay),
            queue,
            scopes,
            monitor,
            requests: RequestDurations::default(),
            framer,
            exporter,
            counts_itself,
            reporter: Reporter::default(),
            reachability: Reachability::default(),
            error_type: None,
            aside: Aside::default(),
            answered: Requests::default(),
            seen: Requests::default(),
        };
        worker.run();
        drop(closer);
    })?;
    Ok(())
}

/// Marks the thread as ended even if it panicked, so that no caller waits for it.
struct Closer(Arc<Queue>);

impl Drop for Closer {
    fn drop(&mut self) {
        self.0.finish();
    }
}

impl Worker {
    fn run(mut self) {
        let mut phase = Phase::Waiting;
        loop {
            self.observe_overhead();
            let event = match phase {
                Phase::Waiting => {
                    self.queue.trim();
                    self.wait(self.tick, WakeAt::Due)
                }
                Phase::Resting => self.wait(after(REST).min(self.tick), WakeAt::Pressing),
                Phase::ExportingBatches => self.export_full_batches(),
                Phase::ExportingAll => self.export_all(),
                Phase::Answering => self.answer(),
                Phase::Ended => return,
            };
            phase = phase.next(event);
        }
    }

    pub(super) fn observe_overhead(&self) {
        self.monitor.observe(|| WindowInputs {
            memory: self.queue.memory(),
            keys_read: self.exporter.attributes_read(),
            scopes: self.scopes.names(),
        });
    }

    fn wait(&mut self, until: Instant, wake_at: WakeAt) -> Event {
        self.seen = self.queue.wait(until, wake_at, self.answered);
        if self.seen.is_newer_than(self.answered) {
            Event::Request
        } else if Instant::now() >= self.tick {
            Event::Tick
        } else {
            Event::BatchDue
        }
    }

    /// Stops at the tick or a new request, because under sustained load there is always another full batch.
    fn export_full_batches(&mut self) -> Event {
        let mut event = Event::Drained;
        while self.queue.is_due()
            && Instant::now() < self.tick
            && !self.queue.has_requests_after(self.seen)
            && self.export_next().is_some()
        {
            event = Event::Exported;
        }
        self.reporter.queue_full(self.queue.stats());
        event
    }

    /// Exports the spans that exist now. Spans that arrive later wait for the next round, or this might never end.
    fn export_all(&mut self) -> Event {
        self.queue.collect_from_threads();
        let mut remaining = self.queue.queued_spans();
        while remaining > 0 {
            let Some(spans) = self.export_next() else { break };
            remaining = remaining.saturating_sub(spans);
        }
        self.tick = after(self.queue.limits().schedule_delay);
        self.reporter.queue_full(self.queue.stats());
        Event::Drained
    }

    /// Answers the requests that were known when this phase began. Later ones may concern spans that are not exported.
    fn answer(&mut self) -> Event {
        self.answered = self.seen;
        self.export_all();
        let Requests { flush, closed, deadline, .. } = self.answered;
        let last_call = Instant::now() + LAST_CALL;
        let deadline = deadline.map_or(last_call, |deadline| deadline.max(last_call));
        let outcome = match self.close_sink(closed, deadline) {
            true => Ok(()),
            false if Instant::now() >= deadline => Err(FlushError::Timeout),
            false => Err(FlushError::NotDurable),
        };
        if closed {
            self.queue.set_shutdown_outcome(outcome);
        }
        self.queue.complete_flush(flush, outcome);
        if closed { Event::Closed } else { Event::Drained }
    }

    fn close_sink(&mut self, closed: bool, deadline: Instant) -> bool {
        let exporter = &mut self.exporter;
        let result = catch_unwind(AssertUnwindSafe(|| {
            if closed { exporter.shutdown(deadline) } else { exporter.flush(deadline) }
        }));
        if let Ok(Err(error)) = &result {
            self.reporter.flush_failure(self.exporter.destination(), &error.to_string());
        }
        matches!(result, Ok(Ok(())))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;
    use crate::buffer::{Chunk, Intake};
    use crate::overhead::OverheadBudget;
    use crate::pipeline::{Batch, BatchLimits, ExportError, Exported, cpu};

    /// An exporter that reports, before and after a pause in each export, whether its thread has time.
    struct PausingExporter {
        has_time: Sender<bool>,
        resume: Receiver<()>,
    }

    impl Exporter for PausingExporter {
        fn export(&mut self, _: &Batch, _: Instant) -> Result<Exported, ExportError> {
            self.has_time.send(cpu::has_time()).unwrap();
            self.resume.recv().unwrap();
            self.has_time.send(cpu::has_time()).unwrap();
            Ok(Exported::default())
        }

        fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
            Ok(())
        }
    }

    #[test]
    fn the_export_thread_has_time_unless_spans_pile_up_or_a_request_waits() {
        let limits = BatchLimits {
            max_export_batch_size: 100,
            schedule_delay: Duration::from_secs(3600),
            ..BatchLimits::default()
        };
        let queue = Arc::new(Queue::new(limits.normalized()));
        let (sender, has_time) = channel();
        let (resume, receiver) = channel();
        let exporter = Box::new(PausingExporter { has_time: sender, resume: receiver });
        let monitor = Arc::new(Monitor::new(OverheadBudget::default(), Arc::default(), None));
        let link = Link { queue: Arc::clone(&queue), scopes: Arc::default(), monitor };
        spawn(link, Framer::new([], None), exporter).unwrap();
        let hand_over = |batches: usize| {
            for _ in 0..batches {
                let mut chunk = Chunk::default();
                (0..100).for_each(|_| chunk.push(0, |bytes, tag| bytes.push(tag)));
                assert!(queue.hand_over(&mut chunk));
            }
        };
        let had_time = || has_time.recv().unwrap();
        hand_over(1);
        assert!(had_time(), "a batch, and nothing else");
        hand_over(3);
        resume.send(()).unwrap();
        assert!(!had_time(), "three more wait by now");
        for (more, expected) in [(2, false), (1, false), (0, true)] {
            assert_eq!(had_time(), expected, "{more} more wait");
            resume.send(()).unwrap();
            assert_eq!(had_time(), expected, "{more} more wait");
        }
        assert!(!cpu::has_time(), "this thread exports nothing");

        std::thread::scope(|scope| {
            hand_over(1);
            assert!(had_time());
            scope.spawn(|| assert_eq!(queue.flush(Instant::now() + Duration::from_secs(10)), Ok(())));
            while !queue.has_requests_after(Requests::default()) {
                std::thread::yield_now();
            }
            resume.send(()).unwrap();
            assert!(!had_time(), "somebody waits");
        });
        hand_over(1);
        assert!(had_time(), "nobody does any more");
        resume.send(()).unwrap();
        assert!(had_time());
        drop(resume);
        assert_eq!(queue.close(Instant::now() + Duration::from_secs(10)), Ok(()));
    }
}
