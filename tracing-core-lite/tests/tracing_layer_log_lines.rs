//! With the tracing layer, log lines carry the ids of their span.
#![cfg(all(feature = "tracing-layer", feature = "log", feature = "testing"))]

use std::io;
use std::sync::{Arc, Mutex};

use tracing::{info, info_span};
use tracing_core_lite::testing::TestSpans;
use tracing_core_lite::{log, subscriber};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[test]
fn lines_within_a_span_and_lines_given_to_a_span_have_its_ids() {
    let (spans, text, json) = (TestSpans::new(), Lines::default(), Lines::default());
    macro_rules! lines_to {
        ($lines:expr) => {
            tracing_subscriber::fmt::layer().with_writer($lines.clone())
        };
    }
    tracing_subscriber::registry()
        .with(subscriber::layer().with_tracer(spans.tracer()))
        .with(lines_to!(text).event_format(log::text("orders")))
        .with(lines_to!(json).event_format(log::json("orders")))
        .init();
    let (outer, other) = (info_span!("outer"), info_span!("other"));
    info!("alone");
    outer.in_scope(|| {
        info!("outer");
        info!(parent: &other, "other");
        info_span!("inner").in_scope(|| info!("inner"));
    });
    info!(parent: &outer, "outer");
    drop((outer, other));

    for (lines, quote) in [(text, ""), (json, "\"")] {
        let lines = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        // The lint warns about these names, in lines of its own.
        let lines: Vec<&str> = lines.lines().filter(|line| line.contains(module_path!())).collect();
        assert!(!lines[0].contains("trace_id"), "{}", lines[0]);
        for (line, name) in lines[1..].iter().zip(["outer", "other", "inner", "outer"]) {
            let span = spans.one(name);
            assert!(line.contains(&format!("{quote}{}", span.trace_id)), "{line} {name}");
            assert!(line.contains(&format!("{quote}{}", span.span_id)), "{line} {name}");
        }
        assert_eq!(lines.len(), 5);
    }
}
