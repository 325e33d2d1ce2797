use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use bytes::Bytes;

use super::*;

const SOON: Duration = Duration::from_secs(10);

fn soon() -> Instant {
    Instant::now() + SOON
}

/// An exporter that answers from a script, then accepts everything. It counts its calls.
struct Scripted(VecDeque<Result<Exported, ExportError>>, Arc<Mutex<usize>>);

impl Exporter for Scripted {
    fn export(&mut self, _: &Batch, _: Instant) -> Result<Exported, ExportError> {
        *self.1.lock().unwrap() += 1;
        self.0.pop_front().unwrap_or_else(|| Ok(Exported::default()))
    }

    fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
        Ok(())
    }
}

fn busy() -> Result<Exported, ExportError> {
    Err(ExportError::Retryable { reason: "busy".into(), after: None })
}

fn refused() -> Result<Exported, ExportError> {
    Err(ExportError::Permanent { reason: "refused".into() })
}

fn fanout(scripts: Vec<Vec<Result<Exported, ExportError>>>) -> (Fanout, Arc<Stats>, impl Fn() -> Vec<usize>) {
    let calls: Vec<_> = scripts.iter().map(|_| Arc::new(Mutex::new(0))).collect();
    let exporters = scripts
        .into_iter()
        .zip(&calls)
        .map(|(script, calls)| Box::new(Scripted(script.into(), Arc::clone(calls))) as Box<dyn Exporter>)
        .collect();
    let mut fanout = Fanout::new(exporters);
    let stats = Arc::new(Stats::default());
    assert!(fanout.count_into(&PipelineStats::new(Arc::clone(&stats))));
    (fanout, stats, move || calls.iter().map(|it| *it.lock().unwrap()).collect())
}

fn batch(spans: usize) -> Batch {
    Batch::new(Bytes::from(vec![1, 2, 3]), spans)
}

#[test]
fn only_the_exporter_that_failed_gets_the_batch_again() {
    let (mut all, stats, calls) = fanout(vec![vec![], vec![busy()], vec![]]);
    all.export(&batch(3), soon()).unwrap();
    // The first flush cuts the pause short.
    all.flush(soon()).unwrap();
    assert_eq!(calls(), [1, 2, 1]);
    assert_eq!(stats.snapshot(0).exported, 3);
}

#[test]
fn a_permanent_failure_of_one_is_counted_and_keeps_nothing_from_the_others() {
    let (mut all, stats, calls) = fanout(vec![vec![refused()], vec![], vec![]]);
    all.export(&batch(3), soon()).unwrap();
    all.export(&batch(4), soon()).unwrap();
    all.flush(soon()).unwrap();
    assert_eq!(calls(), [2, 2, 2]);
    assert_eq!((stats.snapshot(0).exported, stats.snapshot(0).dropped_export_failed), (4, 3));
    let parts: Vec<_> = stats.parts().iter().map(|part| part.read().stats).collect();
    assert_eq!((parts[0].exported, parts[0].dropped_export_failed), (4, 3));
    assert_eq!((parts[1].exported, parts[1].dropped_export_failed), (7, 0));
}

#[test]
fn the_worst_rejection_counts() {
    let some = |rejected_spans| Ok(Exported { rejected_spans, message: String::new() });
    let (mut all, stats, _) = fanout(vec![vec![some(2)], vec![some(1)], vec![some(0)]]);
    all.export(&batch(5), soon()).unwrap();
    all.flush(soon()).unwrap();
    assert_eq!((stats.snapshot(0).exported, stats.snapshot(0).rejected), (3, 2));
}

/// An exporter that blocks until it is released.
struct Blocked(Receiver<()>, Sender<()>);

impl Exporter for Blocked {
    fn export(&mut self, _: &Batch, _: Instant) -> Result<Exported, ExportError> {
        self.1.send(()).unwrap();
        let _ = self.0.recv();
        Ok(Exported::default())
    }

    fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
        Ok(())
    }
}

#[test]
fn an_exporter_that_hangs_holds_up_no_other_and_its_queue_is_bounded() {
    let (go_on, blocked) = channel();
    let (begins, begun) = channel();
    let calls = Arc::new(Mutex::new(0));
    let healthy = Scripted(VecDeque::new(), Arc::clone(&calls));
    let limits = BatchLimits { max_queue_size: 10, ..BatchLimits::default() };
    let mut all = Fanout::with_limits(vec![Box::new(Blocked(blocked, begins)), Box::new(healthy)], &limits);
    let stats = Arc::new(Stats::default());
    all.count_into(&PipelineStats::new(Arc::clone(&stats)));
    all.export(&batch(1), soon()).unwrap();
    begun.recv().unwrap();
    for done in 2..=20 {
        all.export(&batch(1), soon()).unwrap();
        while *calls.lock().unwrap() < done {
            std::thread::yield_now();
        }
    }
    let error = all.flush(Instant::now()).unwrap_err();
    assert_eq!(error.to_string(), "exporter 1 of 2: 10 spans were not exported before the deadline");
    let parts: Vec<_> = stats.parts().iter().map(|part| part.read().stats).collect();
    assert_eq!((parts[0].dropped_queue_full, parts[0].queued), (10, 10));
    assert_eq!((parts[1].exported, parts[1].queued), (20, 0));
    drop(go_on);
    all.shutdown(soon()).unwrap();
    assert_eq!((stats.snapshot(0).exported, stats.snapshot(0).dropped_export_failed), (10, 10));
}

#[test]
fn a_panic_of_one_exporter_is_its_own() {
    struct Panics;
    impl Exporter for Panics {
        fn export(&mut self, _: &Batch, _: Instant) -> Result<Exported, ExportError> {
            panic!("expected by this test")
        }

        fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
            Ok(())
        }
    }
    let calls = Arc::new(Mutex::new(0));
    let healthy = Scripted(VecDeque::new(), Arc::clone(&calls));
    let mut all = Fanout::new(vec![Box::new(Panics), Box::new(healthy)]);
    for _ in 0..3 {
        all.export(&batch(1), soon()).unwrap();
    }
    all.flush(soon()).unwrap();
    assert_eq!(*calls.lock().unwrap(), 3);
}

#[test]
fn a_dropped_fanout_ends_its_threads() {
    let kept = Arc::new(Mutex::new(0));
    let all = Fanout::new(vec![Box::new(Scripted(VecDeque::new(), Arc::clone(&kept)))]);
    drop(all);
    let deadline = soon();
    while Arc::strong_count(&kept) > 1 {
        assert!(Instant::now() < deadline, "the thread still runs");
        std::thread::yield_now();
    }
}
