//! The README shows the code of the examples, which other tests run.
#![allow(clippy::unwrap_used, reason = "a test panics if its setup fails")]

use std::path::Path;

#[test]
fn the_readme_shows_the_server_and_the_client_that_are_tested() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(package.join("../README.md")).unwrap();
    for name in ["server", "client"] {
        let source = std::fs::read_to_string(package.join(format!("examples/{name}.rs"))).unwrap();
        let code = source.split_once("\nuse ").unwrap().1.trim_end();
        assert!(readme.contains(code), "the README's code differs from examples/examples/{name}.rs");
    }
}

/// Returns the Rust blocks of a document in Markdown.
fn rust_blocks(document: &str) -> Vec<&str> {
    let blocks = document.split("```rust").skip(1);
    blocks.map(|block| block.split_once("```").map_or(block, |(code, _)| code)).collect()
}

#[test]
fn every_bridge_has_the_filter_that_is_tested() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(package.join(path)).unwrap();
    let (tested, readme) = (read("tests/tracing_bridge.rs"), read("../README.md"));
    let (_, filter) = tested.split_once("    // Libraries open").unwrap();
    let (filter, _) = filter.split_once(";").unwrap();
    let is_bridge =
        |code: &&str| code.contains("tracing_opentelemetry::layer()") || code.contains("subscriber::layer()");
    let bridges: Vec<_> = rust_blocks(&readme).into_iter().filter(is_bridge).collect();
    assert_eq!(bridges.len(), 2, "this layer and that of tracing-opentelemetry");
    for code in bridges.into_iter().chain([&*read("examples/tracing_subscriber.rs")]) {
        assert!(code.contains(filter), "another filter than in tests/tracing_bridge.rs:\n{code}");
        assert!(code.contains(".with_filter(spans)"), "the filter is not on the layer:\n{code}");
    }
}

#[test]
fn the_readme_names_each_exporter_and_shows_the_terminal_first() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(package.join(path)).unwrap();
    let (readme, exporters) = (read("../README.md"), read("../tracing-core-lite/src/exporters/mod.rs"));
    // The exporter for programs that want none is not a place where spans go.
    let types = exporters.lines().filter_map(|line| line.strip_prefix("pub use ")?.strip_suffix(';'));
    let types = types.filter_map(|path| path.rsplit("::").next()).filter(|name| *name != "Discard");
    let types: Vec<_> = types.chain(["OtlpConfig", "SdkExporter", "with_additional_exporter"]).collect();
    assert!(types.contains(&"OtlpJsonFile"), "{types:?}");
    for name in types {
        assert!(readme.contains(name), "the README does not name {name}");
    }
    let first_steps = readme.split_once("### A client").unwrap().0;
    assert!(
        first_steps.contains("OTEL_TRACES_EXPORTER=console cargo run"),
        "nothing to see without a backend"
    );
    assert!(first_steps.contains(r#"features = ["console""#), "the feature of the console exporter");
}
