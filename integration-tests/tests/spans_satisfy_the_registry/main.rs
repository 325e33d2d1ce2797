//! Every span of the demo satisfies the semantic conventions, as the registry in `test-vectors` has them.
//!
//! For each span, its group is [found](group::find) by kind and attributes; then everything that the group demands and a
//! span can show by itself is checked: required attributes, those [under a condition](conditions), types and deprecated
//! names of [all attributes](attributes), the kind, and the [name](name). Nothing here knows which spans the demo has: those of
//! another group are checked as soon as they are there.
#![allow(clippy::unwrap_used, reason = "what a test cannot do without ends it")]

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

/// Everything that is wrong with `span`; nothing, when all is well.
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

/// Checks `spans`, and that there are some of each of these groups: without them, the check would prove nothing.
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

/// The lines that `cargo xtask demo --otlp-file FILE` writes.
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
