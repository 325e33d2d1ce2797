//! What redaction removes is never written to the disk.

use tracing_core_lite::redaction::Redaction;
use tracing_core_lite::{Context, TracerProvider};

use crate::support::*;

#[test]
fn secrets_are_removed_before_the_disk() {
    const SECRET: &str = "correct horse battery staple";
    let (directory, config) = settings();
    let queue = config.wrap(Receiver::down());
    let provider =
        TracerProvider::builder().with_redaction(Redaction::new()).with_exporter(queue).build().unwrap();
    let span = provider.tracer("test").span("login").with_parent(&Context::new()).start();
    span.set("password", SECRET);
    span.set("user", "ann");
    span.end();
    provider.flush(SOON).unwrap();
    let written: Vec<u8> =
        segments(directory.path()).iter().flat_map(|it| std::fs::read(it).unwrap()).collect();
    let has = |text: &str| written.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(has("login") && has("ann"), "the span is on disk");
    assert!(!has(SECRET));
    let _ = provider.shutdown(SOON);
}
