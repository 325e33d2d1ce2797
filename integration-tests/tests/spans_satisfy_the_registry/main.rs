//! Every span of the demo satisfies the semantic conventions, as given by the registry in `test-vectors`.
//!
//! The checker [finds](group::find) the group of a span by its kind and attributes. Then it checks everything that the group
//! requires and that a single span can show: required attributes, [conditional attributes](conditions), types and deprecated
//! names of [all attributes](attributes), the kind, and the [name](name). It knows nothing about the demo, so it checks
//! spans of a new group as soon as there are some.
#![allow(clippy::unwrap_used, reason = "a test panics if its setup fails")]

mod attributes;
mod broken_spans;
mod conditions;
mod group;
mod name;
mod registry;
mod shop;

use std::collections::BTreeMap;

use examples::demo::Options;
use examples::shop::Settings;
use group::Membership;
use registry::Registry;
use tracing_core_lite::exporters::otlp_json;
use tracing_core_lite::opentelemetry::trace::SpanKind;
use tracing_core_lite::span::data::{FinishedSpan, SpanData};

/// Describes everything that is wrong with `span`.
fn problems(registry: &Registry, span: &SpanData) -> Vec<String> {
    let mut problems = Vec::new();
    attributes::check(registry, span, &mut problems);
    match group::find(registry, span) {
        Membership::Of(id, group) => {
            conditions::check(group, span, &mut problems);
            let expected = name::expected(id, span);
            if span.name != expected {
                problems.push(format!("by the rule of {id}, its name is {expected:?}"));
            }
        }
        Membership::None => {}
        Membership::Missing(problem) => problems.push(problem),
    }
    problems
}

/// Checks `spans`, and that each of the `expected` groups has some. Without spans the check would prove nothing.
fn assert_good(spans: &[FinishedSpan], expected: &[&str]) {
    let registry = Registry::load();
    let mut groups: BTreeMap<&str, usize> = BTreeMap::new();
    let mut found = Vec::new();
    for span in spans {
        let problems = problems(&registry, &span.span);
        let label = format!("{} of {}", span.span.name, span.service_name());
        found.extend(problems.into_iter().map(|problem| format!("{label}: {problem}")));
        match group::find(&registry, &span.span) {
            Membership::Of(id, _) => *groups.entry(id).or_default() += 1,
            _ => assert_eq!(span.span.kind, SpanKind::Internal, "{label} has no group"),
        }
    }
    found.sort();
    found.dedup();
    assert!(found.is_empty(), "{} problems:\n{}", found.len(), found.join("\n"));
    for id in expected {
        assert!(groups.contains_key(id), "no span of {id} among {groups:?}");
    }
}

/// Checks the lines that `cargo xtask demo --otlp-file FILE` writes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_span_of_the_demo_satisfies_the_registry() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spans.jsonl");
    let options = Options::parse(["--otlp-file".to_owned(), path.display().to_string()]).unwrap();
    assert!(examples::demo::run(&options, &Settings::default()).await.unwrap(), "the demo's own checks fail");
    let mut spans = Vec::new();
    for line in otlp_json::read(&path).unwrap() {
        spans.extend(FinishedSpan::flatten(line.unwrap()));
    }
    let groups = [
        "http.server",
        "http.client",
        "rpc.grpc.server",
        "rpc.grpc.client",
        "db.sqlite.client",
        "messaging.kafka.send.producer",
        "messaging.kafka.process.consumer",
    ];
    assert_good(&spans, &groups);
}
