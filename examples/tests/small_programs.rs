//! Every small program runs, alone, and prints the spans that it promises.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Longest program, in lines.
const MOST_LINES: usize = 60;

/// A program, the variable that names the server that it needs, and what it prints.
const PROGRAMS: &[(&str, Option<&str>, &[&str])] = &[
    (
        "amqp",
        Some("AMQP_URL"),
        &["confirmed: true", "received hello", "publish example.email", "process example.email"],
    ),
    ("axum", None, &["order 7", "GET /orders/{id}", "axum-example"]),
    ("background_tasks", None, &["check out", "reserve stock", "hash password", "send mail"]),
    ("batch_job", None, &["nightly reconciliation", "process payments.csv", "the amounts differ"]),
    ("hyper", None, &["GET", "hyper-example"]),
    ("kafka", None, &["received 2 teapots", "send orders.created", "process orders.created"]),
    ("moka", None, &["get_or_load prices", "load prices"]),
    ("opentelemetry_sdk", None, &["GET /work", "work parent"]),
    ("redis", Some("TEST_REDIS_URL"), &["look up prices", "SETEX", "GET", "Some(299), None"]),
    ("reqwest", None, &["sent: \"00-", "GET"]),
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

/// Builds the programs and returns the executable of each, by name.
///
/// Which of them exist when a test runs, and under which file name, depends on the test runner and its arguments: `cargo
/// test --examples` builds only test harnesses with a hash in their name. So the test asks cargo for them.
fn executables() -> BTreeMap<String, PathBuf> {
    let mut cargo = Command::new(env!("CARGO"));
    // The whole workspace with all features, as the tests are built: other features would compile every dependency again.
    cargo.args(["build", "--workspace", "--all-features", "--examples"]);
    cargo.args(["--message-format", "json-render-diagnostics"]).stderr(Stdio::inherit());
    let output = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "cargo could not build the programs");
    let messages = output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    messages
        .map(|line| serde_json::from_slice::<serde_json::Value>(line).unwrap())
        .filter(|message| message["target"]["kind"][0] == "example")
        .filter(|message| message["manifest_path"] == concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .filter_map(|message| {
            let executable = message["executable"].as_str()?;
            Some((message["target"]["name"].as_str()?.to_owned(), executable.into()))
        })
        .collect()
}

#[test]
fn every_program_is_known_here_and_short() {
    let mut found = BTreeSet::new();
    for file in std::fs::read_dir(sources()).unwrap() {
        let path = file.unwrap().path();
        let lines = std::fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines < MOST_LINES, "{}: {lines} lines", path.display());
        found.insert(path.file_stem().unwrap().to_string_lossy().into_owned());
    }
    let known: BTreeSet<_> = PROGRAMS.iter().map(|(name, ..)| (*name).to_owned()).collect();
    assert_eq!(found, known);
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
    }
}
