//! Records the decisions of a Collector's `tail_sampling` processor about hard traces. `cargo xtask peers record-tail` runs it.
//!
//! `record_tail OTELCOL VERSION FILE` starts the program OTELCOL several times, with one pipeline for each configuration,
//! sends the traces, and writes the decisions to FILE.
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a program for the terminal"
)]

#[path = "../tests/hard_traces/mod.rs"]
mod hard_traces;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use hard_traces::{CASES, Case, LATE, Recorded, Recording, Traffic};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;

/// Longer than sending the traces takes.
const DECISION_WAIT: Duration = Duration::from_secs(25);
/// The number of pipelines in one Collector.
const AT_ONCE: usize = 8;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [program, version, file] = &arguments[..] else { panic!("usage: record_tail OTELCOL VERSION FILE") };
    let traffic = Traffic::new();
    let mut recording =
        Recording { version: version.clone(), digest: traffic.digest(), cases: BTreeMap::new() };
    let folder = std::env::temp_dir().join(format!("record-tail-{}", std::process::id()));
    for cases in CASES.chunks(AT_ONCE) {
        fs::create_dir_all(&folder).expect("a folder for the output");
        record(program, cases, &traffic, &folder, &mut recording);
        fs::remove_dir_all(&folder).expect("the folder can be removed");
    }
    fs::write(file, recording.write()).expect("the recording can be written");
    println!("{} configurations are recorded in {file}", recording.cases.len());
}

fn record(program: &str, cases: &[Case], traffic: &Traffic, folder: &Path, recording: &mut Recording) {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a free port").port();
    let configuration = folder.join("collector.yaml");
    fs::write(&configuration, yaml(cases, port, folder)).expect("the configuration can be written");
    let mut collector = start(program, &configuration, port);
    let begin = Instant::now();
    for requests in &traffic.rounds[..LATE] {
        requests.iter().for_each(|(request, _)| post(port, request));
    }
    assert!(
        begin.elapsed() < DECISION_WAIT - Duration::from_secs(3),
        "sending took too long: {:?}",
        begin.elapsed()
    );
    sleep(DECISION_WAIT + Duration::from_secs(3));
    traffic.rounds[LATE].iter().for_each(|(request, _)| post(port, request));
    sleep(Duration::from_secs(3));
    stop(&mut collector);
    for case in cases {
        let recorded = read(&output(folder, case), traffic);
        let kept = recorded.kept.iter().filter(|kept| **kept).count();
        println!("{}: kept {kept}, {} spans apart from their trace", case.name, recorded.split_spans);
        recording.cases.insert(case.name.into(), recorded);
    }
}

fn output(folder: &Path, case: &Case) -> PathBuf {
    folder.join(format!("{}.bin", case.name))
}

fn yaml(cases: &[Case], port: u16, folder: &Path) -> String {
    let wait = DECISION_WAIT.as_secs();
    let (mut processors, mut exporters, mut pipelines) = (String::new(), String::new(), String::new());
    for case in cases {
        let Case { name, section, .. } = case;
        let path = output(folder, case);
        let _ = writeln!(
            processors,
            "  tail_sampling/{name}: {{decision_wait: {wait}s, num_traces: 50000, {section}}}"
        );
        let _ = writeln!(exporters, "  file/{name}: {{path: '{}', format: proto}}", path.display());
        let _ = writeln!(
            pipelines,
            "    traces/{name}: {{receivers: [otlp], processors: [tail_sampling/{name}], exporters: [file/{name}]}}"
        );
    }
    format!(
        "receivers:\n  otlp: {{protocols: {{http: {{endpoint: '127.0.0.1:{port}'}}}}}}\nprocessors:\n{processors}exporters:\n\
         {exporters}service:\n  telemetry: {{metrics: {{level: none}}, logs: {{level: warn}}}}\n  pipelines:\n{pipelines}"
    )
}

fn start(program: &str, configuration: &Path, port: u16) -> Child {
    let mut collector = Command::new(program)
        .arg("--config")
        .arg(configuration)
        .stdout(Stdio::null())
        .spawn()
        .expect("the Collector can be started");
    let deadline = Instant::now() + Duration::from_secs(30);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let ended = collector.try_wait().expect("the state of the Collector");
        assert!(ended.is_none() && Instant::now() < deadline, "the Collector does not listen: {ended:?}");
        sleep(Duration::from_millis(50));
    }
    collector
}

fn stop(collector: &mut Child) {
    let id = collector.id().to_string();
    let asked = Command::new("kill").arg(id).status().expect("kill can be run");
    assert!(
        asked.success() && collector.wait().expect("the Collector ends").success(),
        "the Collector fails at its end"
    );
}

fn post(port: u16, request: &[u8]) {
    let mut connection = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-protobuf\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n",
        request.len()
    );
    connection
        .write_all(head.as_bytes())
        .and_then(|()| connection.write_all(request))
        .expect("a request can be sent");
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).expect("an answer");
    let line = String::from_utf8_lossy(&answer);
    assert!(line.starts_with("HTTP/1.1 200"), "the Collector answers {line}");
}

/// Reads the exported spans: each request after its length in 4 bytes.
fn read(path: &Path, traffic: &Traffic) -> Recorded {
    let mut exported = vec![0; traffic.ids.len()];
    let bytes = fs::read(path).unwrap_or_default();
    let mut rest = &bytes[..];
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let (request, after) = after.split_at(u32::from_be_bytes(*length) as usize);
        let request = ExportTraceServiceRequest::decode(request).expect("an exported request");
        for span in request.resource_spans.iter().flat_map(|it| &it.scope_spans).flat_map(|it| &it.spans) {
            let id = u64::from_be_bytes(span.span_id[..].try_into().expect("8 bytes"));
            exported[(id >> 8) as usize - 1] += 1;
        }
        rest = after;
    }
    let kept = exported.iter().map(|spans| *spans > 0).collect();
    let split = exported.iter().zip(&traffic.spans).filter(|(exported, _)| **exported > 0);
    let split_spans = split.map(|(exported, all)| all.abs_diff(*exported)).sum();
    Recorded { kept, split_spans }
}
