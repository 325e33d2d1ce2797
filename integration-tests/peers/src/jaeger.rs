//! A running all-in-one Jaeger, with storage in memory.

use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;
use tracing_core_lite::exporters::otlp::Protocol;
use tracing_core_lite::exporters::otlp_json::from_json;
use tracing_core_lite::opentelemetry::trace::TraceId;
use tracing_core_lite::span::data::ResourceSpans;

use crate::http::get;
use crate::program::{Program, free_port, path_from};

/// The attribute by which the query API reports that a span's parent is missing.
const WARNINGS: &str = "@jaeger@warnings";

/// A running Jaeger.
#[derive(Debug)]
pub struct Jaeger {
    program: Program,
    http: u16,
    grpc: u16,
    query: u16,
    _folder: TempDir,
}

impl Jaeger {
    /// Starts the program that `TEST_JAEGER` names, on free ports.
    #[must_use]
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder can be created");
        let [http, grpc, query, query_grpc] = [(); 4].map(|()| free_port());
        let file = folder.path().join("jaeger.yaml");
        std::fs::write(&file, configuration(http, grpc, query, query_grpc)).expect("the folder is writable");
        let mut command = Command::new(path_from("TEST_JAEGER"));
        command.arg("--config").arg(file);
        let program = Program::start(command, &folder.path().join("log"), &[http, grpc, query]);
        Self { program, http, grpc, query, _folder: folder }
    }

    /// Returns the base URL of its receiver for `protocol`.
    #[must_use]
    pub fn endpoint(&self, protocol: Protocol) -> String {
        let port = if protocol == Protocol::Grpc { self.grpc } else { self.http };
        format!("http://127.0.0.1:{port}")
    }

    /// Sends `GET path` to the query API, and returns the JSON of the answer.
    ///
    /// # Panics
    /// Panics if the response is not JSON.
    #[must_use]
    pub fn query(&self, path: &str) -> Value {
        let answer = get(self.query, path).unwrap_or_else(|error| panic!("GET {path}: {error}"));
        serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("GET {path}: {error}: {answer:?}"))
    }

    /// Returns a trace as Jaeger has stored it, or no spans if it is not there.
    ///
    /// # Panics
    /// Panics if the response is not OTLP.
    #[must_use]
    pub fn trace(&self, id: TraceId) -> Vec<ResourceSpans> {
        let answer = self.query(&format!("/api/v3/traces/{id}"));
        let mut stored = match &answer["result"] {
            Value::Null => Vec::new(),
            result => from_json(&result.to_string()).expect("Jaeger answers in OTLP"),
        };
        let spans = stored.iter_mut().flat_map(|it| &mut it.scope_spans).flat_map(|it| &mut it.spans);
        // Added to the response, but not stored.
        spans.for_each(|span| span.attributes.retain(|(key, _)| key != WARNINGS));
        stored
    }

    /// Returns the output of the program so far.
    #[must_use]
    pub fn log(&self) -> String {
        self.program.log()
    }
}

fn configuration(http: u16, grpc: u16, query: u16, query_grpc: u16) -> String {
    format!(
        "extensions:
  jaeger_storage:
    backends:
      main:
        memory: {{ max_traces: 10000 }}
  jaeger_query:
    storage: {{ traces: main }}
    http: {{ endpoint: 127.0.0.1:{query} }}
    grpc: {{ endpoint: 127.0.0.1:{query_grpc} }}
receivers:
  otlp:
    protocols:
      http: {{ endpoint: 127.0.0.1:{http} }}
      grpc: {{ endpoint: 127.0.0.1:{grpc} }}
exporters:
  jaeger_storage_exporter: {{ trace_storage: main }}
service:
  extensions: [jaeger_storage, jaeger_query]
  telemetry: {{ metrics: {{ level: none }} }}
  pipelines:
    traces: {{ receivers: [otlp], exporters: [jaeger_storage_exporter] }}
"
    )
}
