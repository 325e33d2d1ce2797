//! The console exporter prints each trace once, when it is complete.
#![cfg(feature = "console")]
#![allow(clippy::unwrap_used)]

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;
use tracing_core_lite::exporters::ConsoleExporter;
use tracing_core_lite::pipeline::{Batch, Exporter};

/// A writer whose content a test can read.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    fn wait_for(&self, text: &str) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while !self.text().contains(text) {
            assert!(Instant::now() < deadline, "{text:?} was not printed: {}", self.text());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn batch(trace: u8, spans: &[(u64, u64)]) -> Batch {
    let spans: Vec<_> = spans
        .iter()
        .map(|&(number, parent)| Span {
            trace_id: vec![trace; 16],
            span_id: number.to_be_bytes().to_vec(),
            parent_span_id: if parent == 0 { Vec::new() } else { parent.to_be_bytes().to_vec() },
            name: format!("span {number}"),
            start_time_unix_nano: number,
            end_time_unix_nano: 1000,
            ..Span::default()
        })
        .collect();
    let count = spans.len();
    let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
    let resource_spans = vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }];
    Batch::new(Bytes::from(ExportTraceServiceRequest { resource_spans }.encode_to_vec()), count)
}

const HOUR: Duration = Duration::from_secs(3600);

fn console(paper: &Paper) -> ConsoleExporter {
    ConsoleExporter::new(paper.clone()).with_patience(HOUR, HOUR)
}

#[test]
fn a_trace_is_printed_soon_after_its_root() {
    let paper = Paper::default();
    let mut exporter = console(&paper).with_patience(Duration::from_millis(10), HOUR);
    exporter.export(&batch(1, &[(2, 1)]), Instant::now()).unwrap();
    exporter.export(&batch(2, &[(2, 1)]), Instant::now()).unwrap();
    exporter.export(&batch(1, &[(1, 0)]), Instant::now()).unwrap();
    paper.wait_for("critical path");
    assert!(paper.text().contains("Trace 0101") && !paper.text().contains("Trace 0202"), "{}", paper.text());
    assert!(!paper.text().contains("missing parent"));
}

#[test]
fn a_trace_without_a_root_is_printed_when_it_is_quiet() {
    let paper = Paper::default();
    let mut exporter = console(&paper).with_patience(HOUR, Duration::from_millis(10));
    exporter.export(&batch(1, &[(2, 1)]), Instant::now()).unwrap();
    paper.wait_for("missing parent");
}

#[test]
fn flush_prints_complete_traces_and_shutdown_the_rest() {
    let paper = Paper::default();
    let mut exporter = console(&paper);
    exporter.export(&batch(1, &[(1, 0)]), Instant::now()).unwrap();
    exporter.export(&batch(2, &[(2, 1)]), Instant::now()).unwrap();
    assert_eq!(paper.text(), "");
    exporter.flush(Instant::now()).unwrap();
    assert!(paper.text().contains("Trace 0101") && !paper.text().contains("Trace 0202"), "{}", paper.text());
    exporter.shutdown(Instant::now()).unwrap();
    assert!(paper.text().contains("Trace 0202"));
}

#[test]
fn clones_draw_one_picture_and_the_last_one_prints_it() {
    let paper = Paper::default();
    let mut first = console(&paper);
    let mut second = first.clone();
    first.export(&batch(1, &[(2, 1)]), Instant::now()).unwrap();
    first.shutdown(Instant::now()).unwrap();
    drop(first);
    second.export(&batch(1, &[(3, 2)]), Instant::now()).unwrap();
    assert_eq!(paper.text(), "");
    drop(second);
    assert_eq!(paper.text().matches("Trace ").count(), 1);
    assert!(paper.text().contains("2 spans"), "{}", paper.text());
}

#[test]
fn memory_is_bounded() {
    let paper = Paper::default();
    let mut exporter = console(&paper).with_limits(2, 3);
    for trace in 1..=3 {
        exporter.export(&batch(trace, &[(2, 1), (3, 1), (4, 1), (5, 1), (1, 0)]), Instant::now()).unwrap();
    }
    let text = paper.text();
    assert!(text.contains("Trace 0101") && !text.contains("Trace 0202"), "{text}");
    assert!(text.contains("4 spans") && text.contains("… and 1 more span\n"), "{text}");
}
