//! Several endpoints: one that is down, hangs or is busy costs no span while another is up.
#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tracing_core_lite::pipeline::{Batch, ExportError, Exported, Exporter, Failover};

type Answer = Result<Exported, ExportError>;

/// An endpoint that counts its batches. Clones are the same one.
#[derive(Clone)]
struct Endpoint(Arc<Mutex<(Answer, usize)>>);

impl Endpoint {
    fn new(answer: Answer) -> Self {
        Self(Arc::new(Mutex::new((answer, 0))))
    }

    fn answers(&self, answer: Answer) {
        self.0.lock().unwrap().0 = answer;
    }

    fn batches(&self) -> usize {
        self.0.lock().unwrap().1
    }
}

impl Exporter for Endpoint {
    fn export(&mut self, _: &Batch, _: Instant) -> Answer {
        let mut state = self.0.lock().unwrap();
        state.1 += 1;
        state.0.clone()
    }

    fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
        Ok(())
    }

    fn is_unreachable(&self) -> bool {
        matches!(self.0.lock().unwrap().0, Err(ExportError::Retryable { .. }))
    }
}

/// Answers at its deadline.
struct Hangs;

impl Exporter for Hangs {
    fn export(&mut self, _: &Batch, deadline: Instant) -> Answer {
        std::thread::sleep(deadline.saturating_duration_since(Instant::now()));
        busy(None)
    }

    fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
        Ok(())
    }
}

fn busy(after: Option<Duration>) -> Answer {
    Err(ExportError::Retryable { reason: "busy".into(), after })
}

fn accepted() -> Answer {
    Ok(Exported::default())
}

fn refused() -> Answer {
    Err(ExportError::Permanent { reason: "400".into() })
}

fn export(exporter: &mut impl Exporter) -> Answer {
    exporter.export(&Batch::new(Vec::new().into(), 1), Instant::now() + Duration::from_secs(10))
}

#[test]
fn the_next_endpoint_is_used_and_the_first_again_when_it_is_back() {
    let (first, second) = (Endpoint::new(busy(None)), Endpoint::new(accepted()));
    let mut exporter = Failover::new(vec![Box::new(first.clone()), Box::new(second.clone())])
        .with_return_after(Duration::from_millis(50));
    assert_eq!(export(&mut exporter), accepted());
    assert_eq!(export(&mut exporter), accepted());
    assert_eq!((first.batches(), second.batches()), (1, 2), "the fallback is used at once");
    first.answers(accepted());
    let deadline = Instant::now() + Duration::from_secs(10);
    while first.batches() == 1 {
        assert!(Instant::now() < deadline, "the first endpoint is tried again");
        assert_eq!(export(&mut exporter), accepted());
    }
}

#[test]
fn outcomes() {
    let short = busy(Some(Duration::from_secs(1)));
    let long = busy(Some(Duration::from_secs(60)));
    for (name, answers, expected, attempts) in [
        ("the first accepts", [accepted(), accepted()], accepted(), [1, 0]),
        ("the first is busy", [busy(None), accepted()], accepted(), [1, 1]),
        ("a batch that is refused", [refused(), accepted()], refused(), [1, 0]),
        ("all are busy", [long.clone(), short.clone()], short.clone(), [1, 1]),
        ("all are busy", [short.clone(), long], short, [1, 1]),
    ] {
        let endpoints = answers.map(Endpoint::new);
        let boxed = |endpoint: &Endpoint| Box::new(endpoint.clone()) as Box<dyn Exporter>;
        let mut exporter = Failover::new(endpoints.iter().map(boxed).collect());
        assert_eq!(export(&mut exporter), expected, "{name}");
        assert_eq!(endpoints.each_ref().map(Endpoint::batches), attempts, "{name}");
        assert_eq!(exporter.is_unreachable(), expected == busy_of(&expected), "{name}");
    }
    assert!(export(&mut Failover::new(Vec::new())).is_err());
}

/// Returns the outcome itself if it is retryable.
fn busy_of(outcome: &Answer) -> Answer {
    match outcome {
        Err(ExportError::Retryable { .. }) => outcome.clone(),
        _ => Err(ExportError::Permanent { reason: "not retryable".into() }),
    }
}

#[test]
fn an_endpoint_that_hangs_leaves_time_for_the_next() {
    let second = Endpoint::new(accepted());
    let mut exporter = Failover::new(vec![Box::new(Hangs), Box::new(second.clone())]);
    let batch = Batch::new(Vec::new().into(), 1);
    assert_eq!(exporter.export(&batch, Instant::now() + Duration::from_millis(200)), accepted());
    assert_eq!(second.batches(), 1);
}
