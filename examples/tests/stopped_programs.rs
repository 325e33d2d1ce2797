//! A program that a signal stops exports its last spans first.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test panics if its setup fails")]

mod support;

use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use support::{Running, command, executables};
use tracing_core_lite::opentelemetry::trace::SpanKind;
use tracing_core_lite::testing::FakeOtlp;

fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

fn wait_until_it_listens(address: &str) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while TcpStream::connect(address).is_err() {
        assert!(Instant::now() < deadline, "nothing listens on {address}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Starts a program whose output the test reads.
fn start(command: &mut Command) -> (Running, impl Iterator<Item = String> + use<>) {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    (Running(child), lines.map(Result::unwrap))
}

#[test]
fn the_readme_server_exports_its_last_spans_on_a_signal() {
    let executables = executables();
    for signal in ["TERM", "INT"] {
        let (receiver, address) = (FakeOtlp::start().unwrap(), free_address());
        let otlp = ("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url());
        let mut server = command(&executables["server"]);
        let server = server.env(otlp.0, &otlp.1).env("LISTEN", &address).spawn().unwrap();
        let mut server = Running(server);
        wait_until_it_listens(&address);
        let mut client = command(&executables["client"]);
        let client = client.env(otlp.0, &otlp.1).arg(format!("http://{address}/orders/7")).output().unwrap();
        assert!(client.status.success(), "{client:?}");

        assert!(server.stop_with(signal), "{signal}: the server returns from `main`");
        let spans = receiver.spans();
        let of_kind =
            |kind| spans.iter().find(|it| it.span.kind == kind).unwrap_or_else(|| panic!("{spans:?}"));
        let (server, client) = (of_kind(SpanKind::Server), of_kind(SpanKind::Client));
        assert_eq!(server.span.name, "GET /orders/{id}");
        assert_eq!(server.span.parent_span_id, client.span.span_id, "{signal}: one trace");
    }
}

#[test]
fn a_program_that_waits_for_a_message_exports_its_spans_on_a_signal() {
    let kafka = &executables()["kafka"];
    let (mut running, mut lines) = start(command(kafka).env("NO_COLOR", "1"));
    // From now on it waits for its consumer to join the group.
    assert_eq!(lines.next().as_deref(), Some("sent"));
    assert!(running.stop_with("TERM"));
    let rest: Vec<_> = lines.collect();
    assert!(rest.iter().any(|line| line.contains("send orders.created")), "{rest:?}");
}

#[test]
fn the_load_generator_exports_the_spans_of_its_last_orders_on_a_signal() {
    let receiver = FakeOtlp::start().unwrap();
    let mut load = command(env!("CARGO_BIN_EXE_shop"));
    load.arg("load").env("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url()).env("LISTEN", "127.0.0.1:0");
    let gateway = format!("http://{}", free_address());
    let (mut running, mut lines) = start(load.env("GATEWAY_URL", gateway).env("ORDERS_PER_SECOND", "20"));
    lines.find(|line| line.contains("gateway did not answer")).expect("an order that failed");
    // Keep reading, or the program blocks when its log fills the pipe.
    let rest =
        std::thread::spawn(move || lines.filter(|line| line.contains("gateway did not answer")).count());
    assert!(running.stop_with("TERM"));
    let failed = 1 + rest.join().unwrap();
    let orders = receiver.spans().iter().filter(|it| it.span.name == "place order").count();
    assert_eq!(orders, failed, "one span for each order in the log");
}

#[test]
fn the_demo_exports_its_spans_on_a_signal() {
    let receiver = FakeOtlp::start().unwrap();
    let mut demo = command(env!("CARGO_BIN_EXE_shop"));
    demo.args(["demo", "--otlp-endpoint", &receiver.url()]).stderr(Stdio::piped());
    let (mut running, mut lines) = start(&mut demo);
    let first = lines.find(|line| line.contains(" ordinary ")).expect("the first order");
    let trace_id = first.split_whitespace().last().unwrap().to_owned();
    assert!(!running.stop_with("TERM"), "an incomplete demo is a failure");
    let mut errors = String::new();
    running.0.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert!(errors.contains("stopped before all orders were placed"), "{errors}");
    let exported = receiver.spans();
    let of_first = exported.iter().filter(|it| it.span.trace_id.to_string() == trace_id);
    let services: std::collections::BTreeSet<_> = of_first.map(|it| it.service_name()).collect();
    assert!(services.contains("customer") && services.contains("inventory"), "{services:?}");
}
