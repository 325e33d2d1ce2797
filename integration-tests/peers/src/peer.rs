//! A program in another language.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command as Process, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tracing_core_lite::span::data::SpanData;
use tracing_core_lite::testing::FakeOtlp;

use crate::message::{Command, Hop, Seen, Transport};
use crate::program::{path_from, until};

/// A language, with the variable that names its program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Go.
    Go,
    /// Java.
    Java,
    /// JavaScript.
    JavaScript,
    /// Python.
    Python,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Go, Self::Java, Self::JavaScript, Self::Python];

    fn variable(self) -> &'static str {
        match self {
            Self::Go => "TEST_PEER_GO",
            Self::Java => "TEST_PEER_JAVA",
            Self::JavaScript => "TEST_PEER_JAVASCRIPT",
            Self::Python => "TEST_PEER_PYTHON",
        }
    }
}

/// A running program, which exports its spans to the test. Dropping it ends it.
#[derive(Debug)]
pub struct Peer {
    language: Language,
    child: Child,
    input: ChildStdin,
    lines: Arc<Mutex<Vec<Value>>>,
    spans: FakeOtlp,
    name: String,
    http: u16,
    grpc: u16,
    done: usize,
}

impl Peer {
    /// Starts the program in `language`, which reads the topic and the queue `name`.
    ///
    /// # Panics
    /// Panics if the program does not start.
    pub async fn start(language: Language, name: &str) -> Self {
        crate::relay::create_topic(name).await.expect("the topic can be created");
        let spans = FakeOtlp::start().expect("a port is free");
        let mut process = Process::new(path_from(language.variable()));
        process
            .env("PEER_TOPIC", name)
            .env("PEER_QUEUE", name)
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", spans.url())
            .env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
            .env("OTEL_BSP_SCHEDULE_DELAY", "100")
            .env("OTEL_METRICS_EXPORTER", "none")
            .env("OTEL_LOGS_EXPORTER", "none")
            .env("OTEL_SEMCONV_STABILITY_OPT_IN", "http,database")
            .env("OTEL_SERVICE_NAME", format!("{language:?}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = process.spawn().unwrap_or_else(|error| panic!("{process:?}: {error}"));
        let input = child.stdin.take().expect("its input is a pipe");
        let output = BufReader::new(child.stdout.take().expect("its output is a pipe"));
        let lines = Arc::new(Mutex::new(Vec::new()));
        let read = Arc::clone(&lines);
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).unwrap_or(Value::String(line));
                read.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        });
        let mut peer =
            Self { language, child, input, lines, spans, name: name.to_owned(), http: 0, grpc: 0, done: 0 };
        until("the program has started", || !peer.lines().is_empty() || !peer.is_running());
        let ports =
            peer.lines().first().cloned().unwrap_or_else(|| panic!("the program in {language:?} ended"));
        let port = |key: &str| ports[key].as_u64().and_then(|port| port.try_into().ok()).unwrap_or_default();
        (peer.http, peer.grpc) = (port("http"), port("grpc"));
        peer
    }

    /// Returns its language.
    #[must_use]
    pub fn language(&self) -> Language {
        self.language
    }

    fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    fn lines(&self) -> Vec<Value> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the hop to it over `transport`.
    #[must_use]
    pub fn hop(&self, transport: Transport) -> Hop {
        Hop::new(transport, self.http, self.grpc, &self.name)
    }

    /// Makes the program send messages, and waits until it has.
    ///
    /// # Panics
    /// Panics if the program reports an error.
    pub fn obey(&mut self, command: &Command) {
        let text = serde_json::to_string(command).expect("a command is JSON");
        writeln!(self.input, "{text}").expect("the program reads its input");
        self.done += 1;
        until("the program has done it", || {
            assert!(self.is_running(), "the program ended: {:?}", self.lines());
            self.lines().iter().filter(|line| line["done"] == true).count() >= self.done
        });
    }

    /// Returns the messages that it has received so far.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        let lines = self.lines();
        lines.into_iter().filter_map(|line| serde_json::from_value(line).ok()).collect()
    }

    /// Returns its spans of the trace `id` that have arrived so far.
    #[must_use]
    pub fn spans_of(&self, id: &str) -> Vec<SpanData> {
        let spans = self.spans.spans().into_iter().map(|it| it.span);
        spans.filter(|span| span.trace_id.to_string() == id).collect()
    }

    /// Waits until one of its spans satisfies `condition`, and returns the span.
    ///
    /// # Panics
    /// Panics if there is none within ten seconds.
    #[must_use]
    pub fn span(&self, what: &str, condition: impl Fn(&SpanData) -> bool) -> SpanData {
        let deadline = std::time::Instant::now() + Duration::from_secs(10);
        loop {
            let spans: Vec<SpanData> = self.spans.spans().into_iter().map(|it| it.span).collect();
            if let Some(found) = spans.iter().find(|span| condition(span)) {
                return found.clone();
            }
            let names: Vec<_> =
                spans.iter().map(|it| (&it.name, &it.kind, it.parent_span_id, &it.links)).collect();
            assert!(std::time::Instant::now() < deadline, "no {what} among {names:#?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
