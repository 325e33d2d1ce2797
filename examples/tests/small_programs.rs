//! Every small program runs and prints the spans that it promises.
#![allow(clippy::unwrap_used, reason = "a test panics if its setup fails")]

mod support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::executables;

/// The limit for the length of a program, in lines.
const MAX_LINES: usize = 60;

/// The programs that `stopped_programs.rs` runs.
const CLIENT_AND_SERVER: [&str; 2] = ["client", "server"];

/// Each program, the variable that names the server it needs, and what it prints.
const PROGRAMS: &[(&str, Option<&str>, &[&str])] = &[
    (
        "amqp",
        Some("AMQP_URL"),
        &["confirmed: true", "received hello", "publish example.email", "process example.email"],
    ),
    ("axum", None, &["order 7", "GET /orders/{id}", "axum-example"]),
    (
        "b3_to_w3c",
        None,
        &[
            "step 0: OTEL_PROPAGATORS=b3,baggage",
            "orders switched: one trace: true; stock sends b3, traceparent",
            "orders switched: one trace: true; stock sends traceparent, b3",
            "step 3: OTEL_PROPAGATORS=tracecontext,baggage",
            "gateway switched: one trace: true; stock sends traceparent\n",
        ],
    ),
    ("background_tasks", None, &["check out", "reserve stock", "hash password", "send mail"]),
    ("batch_job", None, &["nightly reconciliation", "process payments.csv", "the amounts differ"]),
    (
        "browser",
        None,
        &[
            "preflight: 200",
            "access-control-expose-headers: traceresponse",
            "traceresponse: 00-",
            "GET /orders/{id}",
        ],
    ),
    (
        "correlation",
        None,
        &[
            "service_name=\"orders\",service_version=\"1.4.0\",deployment_environment_name=\"test\"",
            "# {trace_id=\"",
            "orders::stock: the warehouse is slow order_id=7 service.version=1.4.0 deployment.environment.name=test trace_id=",
            "GET /orders/{id}",
        ],
    ),
    (
        "errors",
        None,
        &[
            "full: 200 OK",
            "empty: 400 Bad Request",
            "unlucky: 503 Service Unavailable",
            "POST /orders/{kind}",
            "handled",
            "✗ 503",
        ],
    ),
    ("hyper", None, &["GET", "hyper-example"]),
    ("kafka", None, &["received 2 teapots", "send orders.created", "process orders.created"]),
    ("moka", None, &["get_or_load prices", "load prices"]),
    ("opentelemetry_sdk", None, &["GET /work", "work parent"]),
    ("redis", Some("TEST_REDIS_URL"), &["look up prices", "SETEX", "GET", "Some(299), None"]),
    ("reqwest", None, &["sent: \"00-", "GET"]),
    ("sampling", None, &["GET /checkout", "GET /payment", "GET /report", "95 % interval"]),
    ("sqlx_mysql", Some("TEST_MYSQL_URL"), SQL),
    ("sqlx_postgres", Some("TEST_POSTGRES_URL"), SQL),
    ("sqlx_sqlite", None, SQL),
    ("tonic", None, &["charged: A-1", "the card is declined", "shop.Payment/Charge"]),
    ("tracing_subscriber", None, &["GET /price", "looking up the price", "trace_id"]),
];

const SQL: &[&str] = &["1 orders", "place order", "INSERT example_orders", "SELECT example_orders"];

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

#[test]
fn every_program_is_tested_and_short() {
    let mut found = BTreeSet::new();
    for file in std::fs::read_dir(sources()).unwrap() {
        let path = file.unwrap().path();
        let lines = std::fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines < MAX_LINES, "{}: {lines} lines", path.display());
        found.insert(path.file_stem().unwrap().to_string_lossy().into_owned());
    }
    let known = PROGRAMS.iter().map(|(name, ..)| *name).chain(CLIENT_AND_SERVER);
    let known: BTreeSet<_> = known.map(str::to_owned).collect();
    assert_eq!(found, known);
}

/// What ends a program that records spans: it returns from `main` on a signal.
const WAYS_TO_END: [&str; 2] = ["examples::until_stopped(", ".with_graceful_shutdown("];

/// The client ends after one request, and `b3_to_w3c` records no spans.
const ENDS_BY_ITSELF: [&str; 2] = ["client", "b3_to_w3c"];

#[test]
fn every_program_returns_from_main_on_a_signal() {
    for file in std::fs::read_dir(sources()).unwrap() {
        let path = file.unwrap().path();
        let source = std::fs::read_to_string(&path).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let returns = WAYS_TO_END.iter().any(|way| source.contains(way));
        assert!(returns || ENDS_BY_ITSELF.contains(&name), "a signal ends {name} without its last spans");
    }
}

#[test]
fn every_program_runs_and_shows_its_spans() {
    let executables = executables();
    for (name, server, expected) in PROGRAMS {
        if let Some(variable) = server {
            assert!(
                std::env::var(variable).is_ok(),
                "{name} needs {variable}: run `cargo xtask test`, which sets it"
            );
        }
        let output = Command::new(&executables[*name]).env("NO_COLOR", "1").output().unwrap();
        let printed = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {printed}{errors}");
        for text in *expected {
            assert!(printed.contains(text), "{name} does not print {text:?}:\n{printed}{errors}");
        }
        assert!(!printed.contains("somebody's name"), "{name} shows a parameter");
        assert!(!printed.contains("one trace: false"), "{name} breaks a trace:\n{printed}");
        assert!(!printed.contains("OPTIONS"), "{name} records a preflight request");
        assert!(!printed.contains("1000 to 1000"), "{name} exports what its rules dropped:\n{printed}");
    }
}
