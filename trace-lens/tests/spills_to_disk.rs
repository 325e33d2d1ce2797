//! Spans that do not fit in memory are kept on disk, and every answer stays the same.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../benches/support/generate.rs"]
mod generate;

use std::process::{Command, Output};

use generate::generate;
use trace_lens::analysis::Times;
use trace_lens::write::{Format, TraceWriter};
use trace_lens::{Lens, SpanStore, StoreOptions};

/// Less than the files of these tests need.
const TINY: &str = "300KiB";

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trace-lens")).args(arguments).env("NO_COLOR", "1").output().unwrap()
}

/// A folder with a file of generated spans, and the names of that and of a file with messages, events and links.
fn files() -> (tempfile::TempDir, [String; 2]) {
    let folder = tempfile::tempdir().unwrap();
    let generated = folder.path().join("spans.pb");
    generate(6_000, &mut std::fs::File::create(&generated).unwrap());
    let shop = format!("{}/tests/data/collector/shop.json.gz", env!("CARGO_MANIFEST_DIR"));
    (folder, [generated.to_str().unwrap().to_owned(), shop])
}

#[test]
fn every_command_gives_the_same_answer() {
    let (_folder, [generated, shop]) = files();
    let skewed = format!("{}/tests/data/zipkin/skew.json", env!("CARGO_MANIFEST_DIR"));
    for command in [
        vec!["--limit", "3"],
        vec!["search", "--limit", "50"],
        vec!["search", "--where", "{ status = error }"],
        vec!["path"],
        vec!["path", "--trace", "slowest"],
        vec!["show", "failed"],
        vec!["map"],
        vec!["errors"],
        vec!["latency", "--service", "service-07"],
        vec!["quality"],
        vec!["skew"],
        vec!["patterns"],
        vec!["why", "--failed"],
        vec!["why", "--slow", ">p95"],
        vec!["diff", &shop],
        vec!["plan", "--rate", "1000"],
        vec!["check", "--max", "errors.rate=50%"],
    ] {
        let mut arguments = command.clone();
        arguments.extend(["--format", "json"]);
        // `diff` takes two files.
        let inputs =
            if command[0] == "diff" { vec![&*generated] } else { vec![&*generated, &*shop, &*skewed] };
        arguments.extend(inputs);
        let expected = run(&arguments);
        assert_eq!(expected.status.code(), Some(0), "{arguments:?}: {expected:?}");
        arguments.extend(["--memory", TINY]);
        let found = run(&arguments);
        assert_eq!(
            String::from_utf8_lossy(&found.stdout),
            String::from_utf8_lossy(&expected.stdout),
            "{arguments:?}: {found:?}"
        );
        arguments.extend(["--spill-folder", "/no/such/folder"]);
        let failed = run(&arguments);
        let message = String::from_utf8_lossy(&failed.stderr).into_owned();
        assert_eq!(failed.status.code(), Some(2), "{arguments:?}: {message}");
        assert!(message.contains("spans cannot be kept in /no/such/folder"), "{arguments:?}: {message}");
    }
}

#[test]
fn documentation_and_partials_are_the_same() {
    let (_folder, [generated, shop]) = files();
    for command in ["document", "partial"] {
        let expected = run(&[command, &generated, &shop]);
        let found = run(&[command, &generated, &shop, "--memory", TINY]);
        assert_eq!(String::from_utf8_lossy(&found.stdout), String::from_utf8_lossy(&expected.stdout));
    }
}

#[test]
fn every_format_is_written_whole() {
    let (folder, [generated, shop]) = files();
    let summary = |file: &str| Lens::open([file]).unwrap().summary();
    for format in ["otlp-json", "otlp-proto", "jaeger", "zipkin"] {
        let out =
            |memory: &str| folder.path().join(format!("{format} {memory}")).to_str().unwrap().to_owned();
        for memory in [TINY, "1GB"] {
            let arguments =
                ["convert", "--to", format, &generated, &shop, "--memory", memory, "--output", &out(memory)];
            let output = run(&arguments);
            assert_eq!(output.status.code(), Some(0), "{output:?}");
        }
        assert_eq!(summary(&out(TINY)), summary(&out("1GB")), "{format}");
    }
    let text = |format: &str, memory: &str| {
        let output = run(&["convert", "--to", format, &generated, &shop, "--memory", memory]);
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(text("folded", TINY), text("folded", "1GB"));
    let events = |memory: &str| {
        let document: serde_json::Value = serde_json::from_str(&text("chrome", memory)).unwrap();
        document["traceEvents"].as_array().unwrap().len()
    };
    assert_eq!(events(TINY), events("1GB"));
}

#[test]
fn documents_of_every_kind_are_moved_to_disk() {
    let (folder, [generated, shop]) = files();
    let lens = Lens::open([generated, shop]).unwrap();
    for (name, format) in [
        ("one Jaeger document", Format::Jaeger),
        ("one list of Zipkin", Format::Zipkin),
        ("OTLP lines", Format::OtlpJson),
        ("OTLP protobuf", Format::OtlpProto),
    ] {
        let mut text = Vec::new();
        let mut writer = TraceWriter::new(format, Times::Raw, &mut text).unwrap();
        writer.add(lens.spans()).unwrap();
        writer.finish().unwrap();
        let file = folder.path().join("input").to_str().unwrap().to_owned();
        std::fs::write(&file, &text).unwrap();
        let store = SpanStore::open([&*file], &StoreOptions::new().with_memory(300 << 10)).unwrap();
        assert!(store.is_on_disk(), "{name}");
        assert_eq!(store.len(), lens.spans().len() as u64, "{name}");
        assert_eq!(store.reports()[0].spans, store.len(), "{name}");
        let summary = store.merged(Lens::summary).unwrap().unwrap();
        assert_eq!(summary, Lens::open([file]).unwrap().summary(), "{name}");
    }
}

#[test]
fn every_field_survives() {
    let (_folder, [_, shop]) = files();
    // So little that each part is divided again.
    let lens = Lens::open([&*shop]).unwrap();
    let store = SpanStore::open([&*shop], &StoreOptions::new().with_memory(64 << 10)).unwrap();
    assert!(store.is_on_disk());
    for trace in lens.traces() {
        let found = store.lens_with(trace.id()).unwrap().unwrap();
        let text = |lens: &Lens| {
            let mut set = lens.spans().clone();
            set.retain_traces(|it| it.id() == trace.id());
            let mut out = Vec::new();
            trace_lens::write::otlp_json(&set, &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(text(&found), text(&lens));
    }
    assert!(store.lens_with(42).unwrap().is_none());
}
