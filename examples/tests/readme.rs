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

#[test]
fn the_readme_shows_the_filter_that_is_tested() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(package.join(path)).unwrap();
    let tested = read("tests/tracing_bridge.rs");
    let (_, filter) = tested.split_once("    // Libraries open").unwrap();
    let (filter, _) = filter.split_once(";").unwrap();
    for path in ["../README.md", "examples/tracing_subscriber.rs"] {
        assert!(read(path).contains(filter), "{path} has another filter than tests/tracing_bridge.rs");
    }
}
