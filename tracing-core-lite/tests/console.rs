//! What the console shows of a trace, and when.
#![cfg(feature = "console")]
#![allow(clippy::unwrap_used)]

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;
use tracing_core_lite::export::console::render::{Options, svg, waterfall};
use tracing_core_lite::export::{Batch, ConsoleExporter, Exporter};
use tracing_core_lite::opentelemetry::trace::{SpanId, TraceId};
use tracing_core_lite::span::data::{FinishedSpan, LinkData, ScopeData, SpanData, StatusData, Value};

fn id(number: u64) -> SpanId {
    SpanId::from_bytes(number.to_be_bytes())
}

/// Times in microseconds.
fn span(service: &str, number: u64, parent: u64, name: &str, start: u64, end: u64) -> FinishedSpan {
    let begin = 1_700_000_000_000_000_000;
    let span = SpanData {
        trace_id: TraceId::from_hex("4bf92f3577b34da6a3ce929d0e0e4736").unwrap(),
        span_id: id(number),
        parent_span_id: id(parent),
        name: name.into(),
        start_time_unix_nano: begin + start * 1000,
        end_time_unix_nano: begin + end * 1000,
        ..SpanData::default()
    };
    let resource = Arc::new([("service.name".to_owned(), Value::String(service.into()))]);
    FinishedSpan { resource, scope: Arc::new(ScopeData::default()), span }
}

fn failed(mut it: FinishedSpan, error_type: &str, message: &str) -> FinishedSpan {
    it.span.status = StatusData::Error(message.into());
    it.span.attributes.push(("error.type".into(), Value::String(error_type.into())));
    it
}

fn handled(mut it: FinishedSpan, error_type: &str) -> FinishedSpan {
    it.span.attributes.push(("error_handled".into(), Value::Bool(true)));
    it.span.attributes.push(("error.type".into(), Value::String(error_type.into())));
    it
}

fn follows(mut it: FinishedSpan, origin: u64) -> FinishedSpan {
    it.span.links.push(LinkData {
        trace_id: it.span.trace_id,
        span_id: id(origin),
        attributes: vec![("opentracing.ref_type".into(), Value::String("follows_from".into()))],
        ..LinkData::default()
    });
    it
}

/// A declined order.
fn order() -> Vec<FinishedSpan> {
    vec![
        failed(span("gateway", 1, 0, "POST /orders", 0, 412_000), "502", ""),
        span("gateway", 2, 1, "POST auth", 1_200, 24_000),
        span("auth", 3, 2, "POST /verify", 2_100, 23_100),
        span("auth", 4, 3, "SELECT sessions", 4_000, 19_500),
        failed(span("gateway", 5, 1, "POST orders", 25_000, 410_500), "502", ""),
        failed(
            span("orders", 6, 5, "POST /orders", 26_300, 409_100),
            "shop::orders::PaymentFailed",
            "payment failed: card declined",
        ),
        span("orders", 7, 6, "INSERT orders", 28_000, 61_000),
        span("orders", 8, 6, "GET inventory", 29_000, 48_000),
        failed(span("orders", 9, 6, "POST payment", 63_000, 402_000), "402", ""),
        failed(
            span("payment", 10, 9, "POST /charge", 64_500, 400_800),
            "CardDeclined",
            "card declined: insufficient funds",
        ),
        handled(span("payment", 11, 10, "POST card-processor", 66_000, 170_000), "503"),
        failed(span("payment", 12, 10, "POST card-processor", 190_000, 398_000), "402", ""),
        follows(span("orders", 13, 6, "send decline e-mail", 405_000, 436_000), 6),
        span("mail", 14, 99, "deliver", 415_000, 431_000),
    ]
}

#[test]
fn a_declined_order() {
    let expected = "\
Trace 4bf92f3577b34da6a3ce929d0e0e4736 · 436 ms · 14 spans · 5 services · 6 errors
                                        0                 218 ms      436 ms
▶ POST /orders                  gateway ██━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━█    412 ms ✗ 502
▶ ├ POST auth                   gateway ██                                   22.8 ms
▶ │ └ POST /verify              auth    ██                                   21.0 ms
▶ │   └ SELECT sessions         auth    ██                                   15.5 ms
▶ └ POST orders                 gateway   █━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━█    386 ms ✗ 502
▶   └ POST /orders              orders    █━━█━━━━━━━━━━━━━━━━━━━━━━━━━━━█    383 ms ✗ PaymentFailed
▶     ├ INSERT orders           orders    ███                                33.0 ms
      ├ GET inventory           orders    ━━                                 19.0 ms
▶     ├ POST payment            orders       █━━━━━━━━━━━━━━━━━━━━━━━━━━━     339 ms ✗ 402
▶     │ └ POST /charge          payment      █━━━━━━━━██━━━━━━━━━━━━━━━━█     336 ms ✗ CardDeclined
▶     │   ├ POST card-processor payment      █████████                        104 ms ⚠ 503
▶     │   └ POST card-processor payment                ██████████████████     208 ms ✗ 402
      └ send decline e-mail     orders            ↝ follows POST /orders ━━━ 31.0 ms
  ? missing parent
  └ deliver                     mail                                      ━━ 16.0 ms
✗ payment · POST /charge: card declined: insufficient funds
✗ orders · POST /orders: payment failed: card declined
▶ █ longest chain   ━ beside it   ✗ failed   ⚠ handled error   ↝ follows from
";
    assert_eq!(waterfall(&order(), &Options::new()), expected);
}

#[test]
fn every_width_is_kept() {
    for columns in [60, 72, 80, 100, 120, 200] {
        for color in [false, true] {
            let text = waterfall(&order(), &Options::new().width(columns).color(color));
            for line in text.lines() {
                assert!(plain(line).chars().count() <= columns, "{columns}: {line}");
            }
        }
    }
    assert!(!waterfall(&order(), &Options::new().width(0)).is_empty());
}

/// Without the escape sequences of colours.
fn plain(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| plain + part.split_once('m').map_or("", |(_, rest)| rest))
}

#[test]
fn colours_add_nothing_but_colour() {
    let coloured = waterfall(&order(), &Options::new().color(true));
    assert!(coloured.contains("\u{1b}[31m✗ CardDeclined"));
    let plain_lines: Vec<_> = plain(&coloured).lines().map(|line| line.trim_end().to_owned()).collect();
    let expected = waterfall(&order(), &Options::new());
    assert_eq!(plain_lines, expected.lines().map(str::trim_end).collect::<Vec<_>>());
}

#[test]
fn a_service_keeps_its_colour() {
    let colour = |spans: &[FinishedSpan]| {
        let text = waterfall(spans, &Options::new().color(true));
        let before = text.split("gateway").next().unwrap().to_owned();
        before.rsplit("\u{1b}[").next().unwrap().to_owned()
    };
    let alone = [span("gateway", 1, 0, "GET /", 0, 10)];
    assert_eq!(colour(&alone), colour(&order()));
}

#[test]
fn names_cannot_command_the_terminal() {
    let mut evil = span("ser\u{1b}]0;x\u{7}vice", 1, 0, "na\u{1b}[2Jme\nGET", 0, 10);
    evil = failed(evil, "ty\u{9b}pe", "mes\rsage\u{202e}");
    for text in [waterfall(&[evil.clone()], &Options::new()), svg(&[evil])] {
        assert!(!text.chars().any(|it| (it.is_control() && it != '\n') || it == '\u{202e}'), "{text:?}");
    }
}

#[test]
fn odd_trees_are_drawn_too() {
    assert_eq!(waterfall(&[], &Options::new()), "");
    let mut backwards = span("a", 1, 0, "backwards", 10, 10);
    backwards.span.end_time_unix_nano = 5;
    let cases = [
        ("its own parent", vec![span("a", 1, 1, "self", 0, 10)]),
        (
            "a ring",
            vec![
                span("a", 1, 2, "one", 0, 10),
                span("a", 2, 1, "two", 0, 10),
                span("a", 3, 2, "three", 0, 1),
            ],
        ),
        ("the same id twice", vec![span("a", 1, 0, "one", 0, 10), span("a", 1, 0, "two", 0, 10)]),
        ("a clock that goes back", vec![backwards]),
        ("no name", vec![span("", 1, 0, "", 0, 0)]),
        ("two roots", vec![span("a", 1, 0, "one", 0, 10), span("a", 2, 0, "two", 5, 20)]),
        ("a long chain", (1..3000).map(|it| span("a", it, it - 1, "deep", it, 6000 - it)).collect()),
    ];
    for (name, spans) in cases {
        let text = waterfall(&spans, &Options::new());
        let bars = text.lines().filter(|line| line.contains(['█', '━']) && !line.contains("longest"));
        let drawn = bars.filter(|line| !line.starts_with("━ beside")).count();
        assert_eq!(drawn, spans.len(), "{name}:\n{text}");
        assert!(svg(&spans).ends_with("</svg>\n"), "{name}");
    }
}

#[test]
fn traces_are_drawn_one_after_the_other() {
    let mut spans = order();
    spans[13].span.trace_id = TraceId::from_bytes([1; 16]);
    let text = waterfall(&spans, &Options::new());
    assert_eq!(text.matches("Trace ").count(), 2);
    assert!(text.contains("\n\nTrace 0101"));
}

#[test]
fn the_picture_is_well_formed() {
    let mut spans = order();
    spans[1].span.name = "GET <a href=\"x\"> & co".into();
    let picture = svg(&spans);
    assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
    assert!(picture.contains("GET &lt;a href=&quot;x&quot;&gt; &amp; co"));
    assert!(picture.contains("prefers-color-scheme:dark"));
    assert!(!picture.contains("href=\"") && !picture.contains("<script"), "it needs nothing from elsewhere");
}

/// A writer that a test can look into.
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
    ConsoleExporter::new(paper.clone()).patience(HOUR, HOUR)
}

#[test]
fn a_trace_is_printed_soon_after_its_root() {
    let paper = Paper::default();
    let mut exporter = console(&paper).patience(Duration::from_millis(10), HOUR);
    exporter.export(&batch(1, &[(2, 1)]), Instant::now()).unwrap();
    exporter.export(&batch(2, &[(2, 1)]), Instant::now()).unwrap();
    exporter.export(&batch(1, &[(1, 0)]), Instant::now()).unwrap();
    paper.wait_for("longest chain");
    assert!(paper.text().contains("Trace 0101") && !paper.text().contains("Trace 0202"), "{}", paper.text());
    assert!(!paper.text().contains("missing parent"));
}

#[test]
fn a_trace_without_a_root_is_printed_when_it_is_quiet() {
    let paper = Paper::default();
    let mut exporter = console(&paper).patience(HOUR, Duration::from_millis(10));
    exporter.export(&batch(1, &[(2, 1)]), Instant::now()).unwrap();
    paper.wait_for("missing parent");
}

#[test]
fn flush_prints_what_is_complete_and_shutdown_the_rest() {
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
    let mut exporter = console(&paper).limits(2, 3);
    for trace in 1..=3 {
        exporter.export(&batch(trace, &[(2, 1), (3, 1), (4, 1), (5, 1), (1, 0)]), Instant::now()).unwrap();
    }
    let text = paper.text();
    assert!(text.contains("Trace 0101") && !text.contains("Trace 0202"), "{text}");
    assert!(text.contains("4 spans") && text.contains("… and 1 more span\n"), "{text}");
}
