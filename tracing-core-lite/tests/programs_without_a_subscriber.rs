//! Warnings reach the user no matter when a subscriber is installed, and even without one.
//!
//! Each test runs this test program again in a separate process, with its own environment and standard error.
#![cfg(all(feature = "otlp-http", feature = "testing"))]
#![allow(clippy::unwrap_used)]

use std::process::Command;
use std::time::Duration;

use tracing_core_lite::exporters::MemoryExporter;
use tracing_core_lite::{Context, init};

/// Runs the test `name` in a separate process and returns the lines on its standard error.
fn run(name: &str, variables: &[(&str, &str)]) -> Vec<String> {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([name, "--exact", "--nocapture"]).env("IS_PROGRAM", "1").envs(variables.iter().copied());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stderr).unwrap().lines().map(str::to_owned).collect()
}

fn is_program() -> bool {
    std::env::var_os("IS_PROGRAM").is_some()
}

fn record_and_exit(guard: tracing_core_lite::Guard) {
    guard.provider().tracer("test").span("load prices").with_parent(&Context::new()).start();
    let _ = guard.shutdown(Duration::from_secs(5));
}

const WARNED: [(&str, &str); 2] = [("OTEL_TRACES_SAMPLER", "always"), ("OTEL_BSP_SCHEDULE_DELAY", "soon")];

#[test]
fn warnings_before_the_subscriber_are_logged_at_the_first_export() {
    if is_program() {
        let guard = init().with_exporter(MemoryExporter::new()).start().unwrap();
        tracing_subscriber::fmt().with_writer(std::io::stderr).init();
        return record_and_exit(guard);
    }
    let lines = run("warnings_before_the_subscriber_are_logged_at_the_first_export", &WARNED);
    for (variable, _) in WARNED {
        let count = lines.iter().filter(|line| line.contains(&format!("{variable}:"))).count();
        assert_eq!(count, 1, "{variable}: {lines:?}");
    }
    assert!(lines.iter().all(|line| !line.starts_with("tracing-core-lite:")), "{lines:?}");
}

#[test]
fn warnings_after_the_subscriber_are_logged_once() {
    if is_program() {
        tracing_subscriber::fmt().with_writer(std::io::stderr).init();
        return record_and_exit(init().with_exporter(MemoryExporter::new()).start().unwrap());
    }
    let lines = run("warnings_after_the_subscriber_are_logged_once", &WARNED);
    for (variable, _) in WARNED {
        let count = lines.iter().filter(|line| line.contains(&format!("{variable}:"))).count();
        assert_eq!(count, 1, "{variable}: {lines:?}");
    }
}

#[test]
fn warnings_without_a_subscriber_are_one_line_on_standard_error() {
    if is_program() {
        return record_and_exit(init().with_exporter(MemoryExporter::new()).start().unwrap());
    }
    let lines = run("warnings_without_a_subscriber_are_one_line_on_standard_error", &WARNED);
    let ours: Vec<_> = lines.iter().filter(|line| line.starts_with("tracing-core-lite:")).collect();
    assert_eq!(ours.len(), 1, "{lines:?}");
    assert!(WARNED.iter().all(|(variable, _)| ours[0].contains(variable)), "{ours:?}");
}

/// A logger of the `log` crate that prints to standard error.
struct Prints;

impl log::Log for Prints {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), "logged: {}", record.args());
    }

    fn flush(&self) {}
}

#[test]
fn warnings_go_to_a_logger_if_there_is_no_subscriber() {
    if is_program() {
        let guard = init().with_exporter(MemoryExporter::new()).start().unwrap();
        log::set_logger(&Prints).unwrap();
        log::set_max_level(log::LevelFilter::Warn);
        return record_and_exit(guard);
    }
    let lines = run("warnings_go_to_a_logger_if_there_is_no_subscriber", &WARNED);
    for (variable, _) in WARNED {
        let logged = |line: &&String| line.starts_with("logged:") && line.contains(&format!("{variable}:"));
        assert_eq!(lines.iter().filter(logged).count(), 1, "{variable}: {lines:?}");
    }
    assert!(lines.iter().all(|line| !line.starts_with("tracing-core-lite:")), "{lines:?}");
}

#[test]
fn warnings_without_an_exporter_are_not_lost() {
    if is_program() {
        return record_and_exit(init().start().unwrap());
    }
    let variables = [("OTEL_TRACES_EXPORTER", "none"), WARNED[0]];
    let lines = run("warnings_without_an_exporter_are_not_lost", &variables);
    let ours: Vec<_> = lines.iter().filter(|line| line.starts_with("tracing-core-lite:")).collect();
    assert_eq!(ours.len(), 1, "{lines:?}");
}

#[test]
fn a_program_without_warnings_prints_nothing() {
    if is_program() {
        return record_and_exit(init().with_exporter(MemoryExporter::new()).start().unwrap());
    }
    let lines = run("a_program_without_warnings_prints_nothing", &[]);
    assert!(lines.iter().all(|line| !line.starts_with("tracing-core-lite:")), "{lines:?}");
}

/// A receiver that answers every request with 404.
fn receiver_of_something_else() -> String {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
            // Reads the request, so that closing the connection does not reset it.
            let _ = stream.set_read_timeout(Some(Duration::from_millis(100)));
            let _ = stream.read(&mut [0; 4096]);
        }
    });
    endpoint
}

/// The README's first program, without a collector or a subscriber.
#[test]
fn the_first_failed_export_says_where_it_tried_and_what_to_do() {
    if is_program() {
        return record_and_exit(init().start().unwrap());
    }
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nobody = format!("http://127.0.0.1:{port}");
    for (protocol, endpoint) in [
        ("http/protobuf", nobody.clone()),
        #[cfg(feature = "otlp-grpc")]
        ("grpc", nobody),
        ("http/protobuf", "http://collector.invalid:4318".to_owned()),
        ("http/protobuf", receiver_of_something_else()),
    ] {
        let variables =
            [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()), ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)];
        let lines = run("the_first_failed_export_says_where_it_tried_and_what_to_do", &variables);
        let ours: Vec<_> = lines.iter().filter(|line| line.starts_with("tracing-core-lite:")).collect();
        assert_eq!(ours.len(), 1, "{protocol} {endpoint}: {lines:?}");
        for part in [&*endpoint, "OTEL_EXPORTER_OTLP_ENDPOINT", "console"] {
            assert!(ours[0].contains(part), "{protocol} {endpoint}, {part}: {ours:?}");
        }
    }
}
