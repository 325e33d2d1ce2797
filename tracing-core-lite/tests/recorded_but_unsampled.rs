//! Spans that are recorded but not sampled reach only a stage that judges them.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use tracing_core_lite::exporters::MemoryExporter;
use tracing_core_lite::pipeline::{Batch, ExportError, Exported, Exporter, Fanout};
use tracing_core_lite::sampling::{Record, Sampler, SamplingDecision, SamplingInput};
use tracing_core_lite::{Context, TracerProvider};

const SOON: Duration = Duration::from_secs(10);

/// Samples spans whose name begins with `s`, and records all others.
#[derive(Debug)]
struct RecordsAll;

impl Sampler for RecordsAll {
    fn sample(&self, input: &SamplingInput<'_>) -> SamplingDecision {
        if input.name.starts_with('s') { Record::RecordAndSample } else { Record::RecordOnly }.into()
    }

    fn description(&self) -> String {
        "RecordsAll".into()
    }
}

/// A stage that sees all spans, and keeps what it sees.
struct Judge(MemoryExporter);

impl Exporter for Judge {
    fn export(&mut self, batch: &Batch, deadline: Instant) -> Result<Exported, ExportError> {
        self.0.export(batch, deadline)
    }

    fn flush(&mut self, _: Instant) -> Result<(), ExportError> {
        Ok(())
    }

    fn judges_unsampled(&self) -> bool {
        true
    }
}

fn names(exporter: impl Exporter, memories: &[&MemoryExporter]) -> Vec<Vec<String>> {
    let provider =
        TracerProvider::builder().with_sampler(RecordsAll).with_exporter(exporter).build().unwrap();
    for name in ["sampled", "unsampled 1", "sampled too", "unsampled 2"] {
        provider.tracer("test").span(name).with_parent(&Context::new()).start().end();
    }
    provider.shutdown(SOON).unwrap();
    let sorted = |memory: &&MemoryExporter| {
        let mut names: Vec<_> = memory.take().into_iter().map(|it| it.span.name).collect();
        names.sort();
        names
    };
    memories.iter().map(sorted).collect()
}

const SAMPLED: [&str; 2] = ["sampled", "sampled too"];
const ALL: [&str; 4] = ["sampled", "sampled too", "unsampled 1", "unsampled 2"];

#[test]
fn without_a_stage_that_judges_them_they_are_not_exported() {
    let memory = MemoryExporter::new();
    assert_eq!(names(memory.clone(), &[&memory]), [SAMPLED]);
}

#[test]
fn a_stage_that_judges_them_receives_them() {
    let memory = MemoryExporter::new();
    assert_eq!(names(Judge(memory.clone()), &[&memory]), [ALL]);
    let boxed: Box<dyn Exporter> = Box::new(Judge(memory.clone()));
    assert_eq!(names(boxed, &[&memory]), [ALL], "also through a box");
}

#[test]
fn an_exporter_beside_such_a_stage_does_not_receive_them() {
    let (judged, plain) = (MemoryExporter::new(), MemoryExporter::new());
    let fanout = Fanout::new(vec![Box::new(Judge(judged.clone())), Box::new(plain.clone())]);
    let [judged, plain] = names(fanout, &[&judged, &plain]).try_into().unwrap();
    assert_eq!(judged, ALL);
    assert_eq!(plain, SAMPLED);
}
