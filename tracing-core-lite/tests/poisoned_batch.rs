//! A batch that the receiver keeps refusing does not delay the others.
#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tracing_core_lite::exporters::MemoryExporter;
use tracing_core_lite::pipeline::{Batch, BatchLimits, ExportError, Exported, Exporter};
use tracing_core_lite::{Context, TracerProvider};

const PATIENCE: Duration = Duration::from_secs(30);
const POISON: [&str; 4] = ["poison 1", "poison 2", "poison 3", "poison 4"];

/// A receiver that refuses every batch with a span of such a name, and others while it is down. Clones are the same one.
#[derive(Clone, Default)]
struct Receiver {
    accepted: MemoryExporter,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    is_down: bool,
    after: Option<Duration>,
    /// The first name of each batch that was refused.
    refused: Vec<String>,
}

impl Receiver {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn accepted(&self) -> usize {
        self.accepted.finished().len()
    }
}

impl Exporter for Receiver {
    fn export(&mut self, batch: &Batch, deadline: Instant) -> Result<Exported, ExportError> {
        let decoded = batch.decode().unwrap();
        let spans = decoded.iter().flat_map(|it| &it.scope_spans).flat_map(|it| &it.spans);
        let names: Vec<String> = spans.map(|it| it.name.to_string()).collect();
        let mut state = self.state.lock().unwrap();
        if state.is_down || names.iter().any(|name| POISON.contains(&name.as_str())) {
            state.refused.push(names[0].clone());
            return Err(ExportError::Retryable { reason: "503".to_owned(), after: state.after });
        }
        drop(state);
        self.accepted.export(batch, deadline)
    }

    fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
        Ok(())
    }
}

fn provider(receiver: &Receiver, limits: BatchLimits) -> TracerProvider {
    let limits = limits.with_schedule_delay(Duration::from_millis(50));
    TracerProvider::builder().with_exporter(receiver.clone()).with_batch_limits(limits).build().unwrap()
}

fn end_span(provider: &TracerProvider, name: &'static str) {
    provider.tracer("test").span(name).with_parent(&Context::new()).start().end();
}

/// Ends the poisoned span `number`, and waits until its batch was refused.
fn poison(provider: &TracerProvider, receiver: &Receiver, number: usize) {
    end_span(provider, POISON[number]);
    until("the batch is refused", || receiver.state().refused.iter().any(|name| name == POISON[number]));
}

fn until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "not so in time: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn batches_behind_a_poisoned_one_are_exported() {
    let receiver = Receiver::default();
    let provider = provider(&receiver, BatchLimits::default());
    poison(&provider, &receiver, 0);
    for round in 1..=20 {
        end_span(&provider, "good");
        until("the span is exported", || receiver.accepted() == round);
    }
    until("only the poisoned span is left", || provider.stats().queued == 1);
    assert!(provider.shutdown(Duration::from_millis(100)).is_err());
}

#[test]
fn several_poisoned_batches_delay_nothing_and_are_dropped_after_the_retry_timeout() {
    let receiver = Receiver::default();
    let limits = BatchLimits::default().with_retry_timeout(Duration::from_secs(4));
    let provider = provider(&receiver, limits);
    for number in 0..POISON.len() {
        poison(&provider, &receiver, number);
        end_span(&provider, "good");
        until("the span is exported", || receiver.accepted() == number + 1);
    }
    until("all are dropped", || {
        let stats = provider.stats();
        (stats.dropped_export_failed, stats.queued) == (4, 0)
    });
    assert_eq!(provider.stats().exported, 4);
    end_span(&provider, "good");
    assert_eq!(provider.flush(PATIENCE), Ok(()));
}

#[test]
fn a_shutdown_exports_what_is_behind_a_poisoned_batch() {
    let receiver = Receiver::default();
    let provider = provider(&receiver, BatchLimits::default());
    poison(&provider, &receiver, 0);
    end_span(&provider, "good");
    assert!(provider.shutdown(Duration::from_secs(5)).is_err());
    assert_eq!(receiver.accepted(), 1);
}

#[test]
fn a_receiver_that_was_down_gets_everything_once() {
    let receiver = Receiver::default();
    receiver.state().is_down = true;
    let limits = BatchLimits::default().with_max_export_batch_size(10);
    let provider = provider(&receiver, limits);
    for _ in 0..200 {
        end_span(&provider, "good");
    }
    until("other batches are tried", || receiver.state().refused.len() > 4);
    receiver.state().is_down = false;
    assert_eq!(provider.flush(PATIENCE), Ok(()));
    assert_eq!((receiver.accepted(), provider.stats().exported), (200, 200));
}

#[test]
fn a_receiver_that_asks_for_a_pause_gets_no_other_batch_meanwhile() {
    let receiver = Receiver::default();
    receiver.state().after = Some(Duration::from_millis(1));
    let provider = provider(&receiver, BatchLimits::default());
    poison(&provider, &receiver, 0);
    end_span(&provider, "good");
    until("the batch is retried", || receiver.state().refused.len() >= 3);
    assert_eq!(receiver.accepted(), 0);
    assert!(receiver.state().refused.iter().all(|name| name == POISON[0]));
    assert!(provider.shutdown(Duration::from_millis(100)).is_err());
}
