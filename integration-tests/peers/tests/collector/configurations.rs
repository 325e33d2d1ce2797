//! The Collector accepts each published configuration, and `examples/collector.yaml` keeps errors, slow traces and a share of
//! the rest.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use peer_tests::{Collector, until};
use tracing_core_lite::exporters::otlp::{OtlpConfig, Protocol};
use tracing_core_lite::opentelemetry::trace::{Status, TraceId};
use tracing_core_lite::span::data::FinishedSpan;
use tracing_core_lite::{Context, TracerProvider};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Finds the files below `folder` whose names end in `ending`, except for build results and tests.
fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder can be read").flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        if path.is_dir() && !name.starts_with('.') && name != "target" && name != "node_modules" {
            files(&path, ending, found);
        } else if name.ends_with(ending) {
            found.push(path);
        }
    }
}

/// Returns all Collector configurations, in YAML files and in blocks of documents, each with its location.
fn published() -> Vec<(String, String)> {
    let (mut documents, mut all) = (Vec::new(), Vec::new());
    files(&root(), ".md", &mut documents);
    for file in documents {
        let text = fs::read_to_string(&file).expect("the document can be read");
        for block in text.split("```yaml\n").skip(1) {
            all.push((file.display().to_string(), block.split("```").next().unwrap_or_default().to_owned()));
        }
    }
    let mut configurations = Vec::new();
    files(&root().join("examples"), ".yaml", &mut configurations);
    for file in configurations {
        all.push((file.display().to_string(), fs::read_to_string(&file).expect("the file can be read")));
    }
    // Compose's files have services, and a Collector's one `service` with pipelines.
    all.retain(|(_, text)| text.contains("pipelines:"));
    all
}

#[test]
fn every_configuration_that_we_publish_is_valid() {
    let all = published();
    assert!(all.iter().any(|(place, _)| place.ends_with("examples/collector.yaml")), "{all:?}");
    let folder = tempfile::tempdir().expect("a folder can be created");
    for (place, text) in all {
        let file = folder.path().join("config.yaml");
        fs::write(&file, text).expect("the folder is writable");
        let output = Collector::validate(&file);
        assert!(output.status.success(), "{place}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_configuration_with_a_mistake_is_not_valid() {
    let folder = tempfile::tempdir().expect("a folder can be created");
    let file = folder.path().join("config.yaml");
    let text = fs::read_to_string(root().join("examples/collector.yaml")).expect("the file can be read");
    fs::write(&file, text.replace("decision_wait", "decision_weight")).expect("the folder is writable");
    assert!(!Collector::validate(&file).status.success());
}

/// Exports a trace of two spans, a request and its work, and returns its id.
fn trace(provider: &TracerProvider, status: Status, duration: Duration) -> TraceId {
    let tracer = provider.tracer("shop");
    let began = SystemTime::now() - duration;
    let request = tracer.span("POST /orders").with_start_time(began).start();
    let context = request.in_context(&Context::new());
    let work = tracer.span("charge").with_parent(&context).with_start_time(began).start();
    work.set_status(status);
    work.end();
    let trace = request.span_context().trace_id();
    request.end();
    trace
}

#[test]
fn the_example_keeps_errors_and_slow_traces_and_thins_the_rest() {
    let text = fs::read_to_string(root().join("examples/collector.yaml")).expect("the file can be read");
    // The receiver and the exporter are those of the test, and the decision wait is shorter. The policies are unchanged.
    let text = text
        .replace(
            "http:\n        endpoint: 0.0.0.0:4318",
            "http: { endpoint: '127.0.0.1:{http}' }\n      grpc: { endpoint: '127.0.0.1:{grpc}' }",
        )
        .replace(
            "otlphttp:\n    endpoint: http://jaeger:4318",
            "file: { path: '{file}', flush_interval: 100ms }",
        )
        .replace("exporters: [otlphttp]", "exporters: [file]")
        .replace("decision_wait: 10s", "decision_wait: 1s")
        + "  telemetry: { metrics: { level: none } }\n";
    for replaced in ["{http}", "{file}", "exporters: [file]", "decision_wait: 1s"] {
        assert!(text.contains(replaced), "{text}");
    }
    let collector = Collector::start(&text);
    let protocol = Protocol::HttpProtobuf;
    let config = OtlpConfig::new().with_protocol(protocol).with_endpoint(collector.endpoint(protocol));
    let provider = TracerProvider::builder()
        .with_exporter(config.build().expect("a valid configuration"))
        .build()
        .expect("the provider can be built");
    let quick = Duration::from_millis(5);
    // Decisions are made in the order of arrival: when the last traces are kept, all earlier ones have been decided.
    let ordinary: Vec<TraceId> = (0..1000).map(|_| trace(&provider, Status::Unset, quick)).collect();
    let mut worth_keeping = Vec::new();
    for _ in 0..50 {
        worth_keeping.push(trace(&provider, Status::error("declined"), quick));
        worth_keeping.push(trace(&provider, Status::Unset, Duration::from_secs(1)));
    }
    provider.shutdown(Duration::from_secs(20)).expect("every span is exported");
    let kept = || FinishedSpan::flatten(collector.received());
    until("all errors and slow traces are kept", || {
        let kept = kept();
        worth_keeping.iter().all(|id| kept.iter().filter(|it| it.span.trace_id == *id).count() == 2)
    });
    let kept = kept();
    let few = ordinary.iter().filter(|id| kept.iter().any(|it| it.span.trace_id == **id)).count();
    // One in twenty of a thousand: 50 are expected, with a standard deviation of 7.
    assert!((10..=110).contains(&few), "{few} of {}", ordinary.len());
}
