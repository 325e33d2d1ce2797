//! A program that waits for `termination` exports its last spans when it is asked to end.
#![cfg(all(unix, feature = "signal", feature = "otlp-http", feature = "testing"))]
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tracing_core_lite::testing::FakeOtlp;
use tracing_core_lite::{Context, init, termination};

const CHILD: &str = "TERMINATION_TEST_CHILD";

/// The child of the other test. Does nothing when it runs as a test.
#[test]
fn child_process() {
    if std::env::var(CHILD).is_err() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let tracing = init().start().unwrap();
        // Not polled before the signal comes.
        let ended = termination();
        tracing.provider().tracer("test").span("last").with_parent(&Context::new()).start().end();
        println!("ready");
        ended.await;
    });
}

#[test]
fn the_last_spans_are_exported_after_sigterm_and_sigint() {
    for signal in [Signal::TERM, Signal::INT] {
        let receiver = FakeOtlp::start().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_process", "--nocapture"])
            .env(CHILD, "1")
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("ready")), "{signal:?}");
        kill_process(Pid::from_child(&child), signal).unwrap();
        assert!(child.wait().unwrap().success(), "{signal:?}");
        assert_eq!(receiver.wait_for(1, Duration::from_secs(10)).len(), 1);
        assert_eq!(receiver.spans()[0].span.name, "last", "{signal:?}");
    }
}
