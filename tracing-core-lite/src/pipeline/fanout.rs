//! One exporter over many.

use std::fmt;
use std::time::{Duration, Instant};

use super::batch::Batch;
use super::error::{ExportError, Exported};
use super::exporter::Exporter;

/// Gives every batch to each of several exporters, one after the other.
///
/// - When some of them fail retryably, so does the whole; when the same batch comes again, only those get it.
/// - A permanent failure of one does not keep the batch from the others. It is reported once they are done, as a
///   permanent failure of the whole: the export thread then counts the batch as dropped, though not everywhere.
/// - When all accept, [`Exported::rejected_spans`] is that of the receiver that rejected most.
///
/// The exporters share the deadline: a hanging one leaves less time to those that come after it.
pub struct Fanout {
    exporters: Vec<Box<dyn Exporter>>,
    unfinished: Option<Unfinished>,
}

/// A batch that not all exporters are done with.
struct Unfinished {
    /// Held, so that no other batch can have its address while this one may still come again.
    batch: Batch,
    outcomes: Vec<Outcome>,
}

enum Outcome {
    Pending,
    Accepted(Exported),
    Failed(String),
}

impl Fanout {
    /// Exports to all of `exporters`, in this order.
    #[must_use]
    pub fn new(exporters: Vec<Box<dyn Exporter>>) -> Self {
        Self { exporters, unfinished: None }
    }

    /// What came of `batch` so far.
    fn resume(&mut self, batch: &Batch) -> Vec<Outcome> {
        match self.unfinished.take() {
            Some(it) if it.batch.is(batch) => it.outcomes,
            _ => self.exporters.iter().map(|_| Outcome::Pending).collect(),
        }
    }

    /// Calls `act` on every exporter, then reports the failures together.
    fn each(
        &mut self,
        mut act: impl FnMut(&mut Box<dyn Exporter>) -> Result<(), ExportError>,
    ) -> Result<(), ExportError> {
        let count = self.exporters.len();
        let mut failures = Failures::default();
        for (index, exporter) in self.exporters.iter_mut().enumerate() {
            if let Err(error) = act(exporter) {
                failures.add(index, count, error);
            }
        }
        failures.into_result()
    }
}

impl Exporter for Fanout {
    fn export(&mut self, batch: &Batch, deadline: Instant) -> Result<Exported, ExportError> {
        let mut outcomes = self.resume(batch);
        let count = self.exporters.len();
        let mut failures = Failures::default();
        for (index, (exporter, outcome)) in self.exporters.iter_mut().zip(&mut outcomes).enumerate() {
            if !matches!(outcome, Outcome::Pending) {
                continue;
            }
            match exporter.export(batch, deadline) {
                Ok(exported) => *outcome = Outcome::Accepted(exported),
                Err(ExportError::Permanent { reason }) => *outcome = Outcome::Failed(reason),
                Err(error) => failures.add(index, count, error),
            }
        }
        for (index, outcome) in outcomes.iter().enumerate() {
            if let Outcome::Failed(reason) = outcome {
                failures.add(index, count, ExportError::Permanent { reason: reason.clone() });
            }
        }
        match failures.into_result() {
            Ok(()) => Ok(together(outcomes)),
            Err(error) => {
                if matches!(error, ExportError::Retryable { .. }) {
                    self.unfinished = Some(Unfinished { batch: batch.clone(), outcomes });
                }
                Err(error)
            }
        }
    }

    fn flush(&mut self, deadline: Instant) -> Result<(), ExportError> {
        self.each(|exporter| exporter.flush(deadline))
    }

    fn shutdown(&mut self, deadline: Instant) -> Result<(), ExportError> {
        self.each(|exporter| exporter.shutdown(deadline))
    }
}

impl fmt::Debug for Fanout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fanout").field("exporters", &self.exporters.len()).finish_non_exhaustive()
    }
}

fn together(outcomes: Vec<Outcome>) -> Exported {
    let mut all = Exported::default();
    for outcome in outcomes {
        if let Outcome::Accepted(one) = outcome {
            all.rejected_spans = all.rejected_spans.max(one.rejected_spans);
            append(&mut all.message, &one.message);
        }
    }
    all
}

/// The errors of several exporters, on their way to become one.
#[derive(Default)]
struct Failures {
    retryable: bool,
    after: Option<Duration>,
    reasons: String,
}

impl Failures {
    fn add(&mut self, index: usize, count: usize, error: ExportError) {
        let reason = match error {
            ExportError::Retryable { reason, after } => {
                self.retryable = true;
                self.after = self.after.max(after);
                reason
            }
            ExportError::Permanent { reason } => reason,
        };
        append(&mut self.reasons, &format!("exporter {} of {count}: {reason}", index + 1));
    }

    fn into_result(self) -> Result<(), ExportError> {
        let Self { retryable, after, reasons: reason } = self;
        if reason.is_empty() {
            Ok(())
        } else if retryable {
            Err(ExportError::Retryable { reason, after })
        } else {
            Err(ExportError::Permanent { reason })
        }
    }
}

fn append(text: &mut String, more: &str) {
    if !text.is_empty() && !more.is_empty() {
        text.push_str("; ");
    }
    text.push_str(more);
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::{Arc, Mutex};

    use bytes::Bytes;

    use super::*;

    /// Answers as told, then accepts; counts its calls.
    struct Scripted(VecDeque<Result<Exported, ExportError>>, Arc<Mutex<usize>>);

    impl Exporter for Scripted {
        fn export(&mut self, _: &Batch, _: Instant) -> Result<Exported, ExportError> {
            *self.1.lock().unwrap() += 1;
            self.0.pop_front().unwrap_or_else(|| Ok(Exported::default()))
        }
    }

    fn busy(seconds: u64) -> Result<Exported, ExportError> {
        Err(ExportError::Retryable { reason: "busy".into(), after: Some(Duration::from_secs(seconds)) })
    }

    fn refused() -> Result<Exported, ExportError> {
        Err(ExportError::Permanent { reason: "refused".into() })
    }

    fn fanout(scripts: Vec<Vec<Result<Exported, ExportError>>>) -> (Fanout, impl Fn() -> Vec<usize>) {
        let calls: Vec<_> = scripts.iter().map(|_| Arc::new(Mutex::new(0))).collect();
        let exporters = scripts
            .into_iter()
            .zip(&calls)
            .map(|(script, calls)| Box::new(Scripted(script.into(), Arc::clone(calls))) as Box<dyn Exporter>)
            .collect();
        (Fanout::new(exporters), move || calls.iter().map(|it| *it.lock().unwrap()).collect())
    }

    fn batch() -> Batch {
        Batch::new(Bytes::from(vec![1, 2, 3]), 1)
    }

    #[test]
    fn only_the_failed_one_gets_the_batch_again() {
        let (mut all, calls) = fanout(vec![vec![], vec![busy(3), busy(5)], vec![]]);
        let batch = batch();
        for expected in [3, 5] {
            match all.export(&batch, Instant::now()) {
                Err(ExportError::Retryable { after, reason }) => {
                    assert_eq!(after, Some(Duration::from_secs(expected)));
                    assert_eq!(reason, "exporter 2 of 3: busy");
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(all.export(&batch.clone(), Instant::now()), Ok(Exported::default()));
        assert_eq!(calls(), [1, 3, 1]);
    }

    #[test]
    fn a_permanent_failure_is_reported_when_the_others_are_done() {
        let (mut all, calls) = fanout(vec![vec![refused()], vec![busy(1)], vec![]]);
        let batch = batch();
        assert!(matches!(all.export(&batch, Instant::now()), Err(ExportError::Retryable { .. })));
        let reason = "exporter 1 of 3: refused".to_owned();
        assert_eq!(all.export(&batch, Instant::now()), Err(ExportError::Permanent { reason }));
        assert_eq!(calls(), [1, 2, 1]);
    }

    #[test]
    fn another_batch_with_the_same_bytes_goes_to_all() {
        let (mut all, calls) = fanout(vec![vec![], vec![busy(1)]]);
        assert!(all.export(&batch(), Instant::now()).is_err());
        assert_eq!(all.export(&batch(), Instant::now()), Ok(Exported::default()));
        assert_eq!(calls(), [2, 2]);
    }

    #[test]
    fn the_worst_rejection_counts() {
        let some = |rejected_spans, message: &str| Ok(Exported { rejected_spans, message: message.into() });
        let (mut all, _) = fanout(vec![vec![some(2, "too old")], vec![some(1, "")], vec![some(0, "hm")]]);
        let expected = Exported { rejected_spans: 2, message: "too old; hm".into() };
        assert_eq!(all.export(&batch(), Instant::now()), Ok(expected));
    }
}
