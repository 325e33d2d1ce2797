//! The program `shop`: its demo checks itself, and each service runs as a process of its own.
#![allow(clippy::unwrap_used, reason = "a test panics if its setup fails")]

mod support;

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};

use examples::demo::{Customer, OrderKind};
use support::Running;
use tracing_core_lite::TracerProvider;
use tracing_core_lite::exporters::otlp_json;
use tracing_core_lite::span::data::FinishedSpan;
use tracing_core_lite::testing::FakeOtlp;

fn shop() -> Command {
    support::command(env!("CARGO_BIN_EXE_shop"))
}

fn run(arguments: &[&str]) -> (Output, String, String) {
    let output = shop().args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    (output, out, err)
}

#[test]
fn the_demo_checks_itself_and_writes_files() {
    let folder = tempfile::tempdir().unwrap();
    let (lines, picture) = (folder.path().join("spans.jsonl"), folder.path().join("trace.svg"));
    let (lines_argument, picture_argument) = (lines.to_str().unwrap(), picture.to_str().unwrap());
    let (output, out, err) = run(&["demo", "--otlp-file", lines_argument, "--svg", picture_argument]);
    assert!(output.status.success(), "{out}{err}");
    let last = out.lines().last().unwrap();
    assert!(last.contains("checked") && last.contains("9 orders"), "{last}");
    assert!(!out.contains('\u{1b}'), "colors without a terminal");
    assert!(out.contains("root cause: payment: POST /v1/charges failed"), "{out}");
    for sight in [
        "cache miss, then hit",
        "slow service",
        "slow query",
        "retry",
        "rollback",
        "deadline exceeded",
        "event and consumer",
        "job tried again",
        "job given up",
        "batch of a night",
    ] {
        assert!(out.contains(&format!("✓ {sight}")), "{sight}: {out}");
    }
    for line in out.lines().filter(|line| line.contains('█')) {
        assert!(line.chars().count() <= 100, "{line}");
    }

    let mut spans = Vec::new();
    for line in otlp_json::read(&lines).unwrap() {
        spans.extend(FinishedSpan::flatten(line.unwrap()));
    }
    assert!(last.contains(&format!("{} spans", spans.len())), "{last}");
    assert!(std::fs::read_to_string(&picture).unwrap().starts_with("<svg"));
}

#[test]
fn the_sampled_demo_keeps_every_declined_order_and_estimates_the_rest() {
    let (output, out, err) = run(&["demo", "--sampled", "--orders", "200"]);
    assert!(output.status.success(), "{out}{err}");
    let row = |name: &str| {
        let line = out.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name}: {out}"));
        line[name.len()..].split_whitespace().take(4).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(row("declined"), ["4", "4", "0", "4"], "arrived, kept, dropped, estimate");
    let ordinary: Vec<usize> = row("ordinary").iter().map(|it| it.parse().unwrap()).collect();
    assert_eq!(ordinary[0], 196);
    assert_eq!(ordinary[1] + ordinary[2], 196);
    assert_eq!(ordinary[3], ordinary[1] * 100, "each kept order stands for a hundred");
}

#[test]
fn the_demo_sends_what_it_shows() {
    let receiver = FakeOtlp::start().unwrap();
    let (output, out, err) = run(&["demo", "--orders", "1", "--otlp-endpoint", &receiver.url()]);
    assert!(output.status.success(), "{out}{err}");
    let sent = receiver.spans().len();
    assert!(sent > 0 && out.contains(&format!("{sent} spans sent to")), "{sent}: {out}");
}

#[test]
fn a_taken_port_is_explained() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (output, _, err) = run(&["demo", "--ports", &port]);
    assert_eq!(output.status.code(), Some(1));
    assert!(err.contains(&port) && err.contains("gateway") && err.contains("--ports"), "{err}");
}

#[test]
fn a_wrong_command_line_is_explained() {
    for (arguments, expected) in
        [(&["demo", "--order", "3"][..], "--order"), (&["warehouse"], "\"warehouse\""), (&[], "usage")]
    {
        let (output, _, err) = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(err.contains(expected), "{arguments:?}: {err}");
    }
}

/// A service in a process of its own.
struct Process {
    running: Running,
    url: String,
}

impl Process {
    fn start(service: &str, otlp: &str, variables: &[(&str, &str)]) -> Self {
        let mut command = shop();
        command.arg(service).env("LISTEN", "127.0.0.1:0").env("OTEL_EXPORTER_OTLP_ENDPOINT", otlp);
        command.envs(variables.iter().copied());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = loop {
            let line = lines.next().unwrap_or_else(|| panic!("{service} ended early")).unwrap();
            let line: serde_json::Value = serde_json::from_str(&line).unwrap();
            assert_eq!(line["service"], service);
            if let Some(address) = line["fields"]["address"].as_str() {
                break format!("http://{address}");
            }
        };
        // Keep reading, or the service blocks when its log fills the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { running: Running(child), url }
    }

    /// Returns the first line of the answer to `GET /healthz`. gRPC services answer it, too.
    fn health(&self) -> String {
        let mut connection = TcpStream::connect(self.url.trim_start_matches("http://")).unwrap();
        connection.write_all(b"GET /healthz HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n").unwrap();
        BufReader::new(connection).lines().next().unwrap().unwrap()
    }

    /// Stops the service as a container engine does, and returns whether it succeeded.
    fn stop(mut self) -> bool {
        self.running.stop_with("TERM")
    }
}

#[cfg(unix)]
#[tokio::test]
async fn services_in_processes_of_their_own_make_one_trace() {
    let receiver = FakeOtlp::start().unwrap();
    let otlp = receiver.url();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| format!("sqlite://{}/{name}.db", folder.path().display());
    let card_processor = Process::start("card-processor", &otlp, &[]);
    let payment = Process::start("payment", &otlp, &[("CARD_PROCESSOR_URL", &card_processor.url)]);
    let inventory = Process::start("inventory", &otlp, &[("DATABASE_URL", &file("inventory"))]);
    let orders = Process::start(
        "orders",
        &otlp,
        &[
            ("PAYMENT_URL", &payment.url),
            ("INVENTORY_URL", &inventory.url),
            ("DATABASE_URL", &file("orders")),
            ("REDIS_URL", ""),
        ],
    );
    let auth = Process::start("auth", &otlp, &[]);
    let gateway = Process::start("gateway", &otlp, &[("AUTH_URL", &auth.url), ("ORDERS_URL", &orders.url)]);
    for process in [&gateway, &auth, &orders, &payment, &card_processor, &inventory] {
        assert_eq!(process.health(), "HTTP/1.1 200 OK", "{}", process.url);
    }

    let provider = TracerProvider::builder().build().unwrap();
    let placed = Customer::new(&provider, gateway.url.clone()).place(OrderKind::Retried).await;
    assert!(placed.outcome.is_ok(), "{placed:?}");

    // A service exports its last spans before it stops.
    for process in [gateway, auth, orders, payment, card_processor, inventory] {
        assert!(process.stop());
    }
    let spans = receiver.spans();
    let services = ["auth", "gateway", "inventory", "orders", "payment"];
    for service in services {
        let of_order =
            |it: &&FinishedSpan| it.service_name() == service && it.span.trace_id == placed.trace_id;
        assert!(spans.iter().any(|it| of_order(&it)), "no span of {service}");
    }
    let strangers: Vec<_> = spans.iter().filter(|it| it.service_name() == "card-processor").collect();
    assert!(!strangers.is_empty());
    assert!(strangers.iter().all(|it| it.span.trace_id != placed.trace_id), "it gets a pseudonym");
}
