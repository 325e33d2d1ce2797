//! `cargo xtask test --peers`: the tests against the real systems.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::Command;

use super::{Built, COLLECTOR, JAEGER, languages, table};
use crate::services::Services;
use crate::step::{Step, run_all};
use crate::undo::undo_on_signals;
use crate::workspace::{cargo, root};

/// The start of CI's last line if nothing has been built.
const NOT_RUN: &str = "peers: not run";

/// Runs the tests. Missing programs are built first or, with `only_built`, their tests are left out.
pub(crate) fn run(only_built: bool) -> io::Result<bool> {
    let mut steps = Vec::new();
    for (built, test) in [(JAEGER, "jaeger"), (COLLECTOR, "collector")] {
        steps.push(step(&built, test, only_built)?);
    }
    steps.push(sampling(only_built)?);
    let built = languages::ALL.iter().map(languages::Language::find).collect::<io::Result<Vec<_>>>()?;
    let with_languages = !only_built || built.iter().all(Option::is_some);
    // Jaeger's program is a Collector that can read from and write to Kafka.
    let jaeger = JAEGER.find();
    let needed: &[&str] = match (with_languages, &jaeger) {
        (true, _) => &["postgres", "rabbitmq", "kafka"],
        (false, Some(_)) => &["kafka"],
        (false, None) => &[],
    };
    if !with_languages {
        let reason =
            "the programs in other languages are not built; `cargo xtask peers languages` builds them";
        steps.push(Step::not_run(NOT_RUN, reason));
    }
    if needed.is_empty() {
        undo_on_signals()?;
        return Ok(run_all(steps));
    }
    // The servers run until the last step has ended. They also handle signals.
    let needed: Vec<String> = needed.iter().map(|name| (*name).to_owned()).collect();
    let servers = Services::start(&needed)?;
    if let Some(program) = jaeger {
        let mut command = test_command("kafka");
        command.env(JAEGER.variable, program);
        servers.tell(&mut command);
        steps.push(Step::new("peers: the Collector's components for Kafka", command));
    }
    if with_languages {
        steps.extend(language_steps(&servers)?);
    }
    Ok(run_all(steps))
}

/// The steps that run services in other languages, and write a table of the results.
fn language_steps(servers: &Services) -> io::Result<[Step; 2]> {
    let mut command = test_command("languages");
    for language in &languages::ALL {
        command.env(language.variable, language.program()?);
    }
    let results = root().join("target/peer-results.jsonl");
    fs::write(&results, "")?;
    command.env("PEER_RESULTS", &results);
    servers.tell(&mut command);
    Ok([
        Step::new("peers: services in Go, Java, JavaScript and Python", command),
        Step::check("peers: docs/interoperability.md", move || table::write(&results)),
    ])
}

/// Returns the path of the Collector, which is built first or, with `only_built`, `Err` with the reason why there is none.
pub(crate) fn collector(only_built: bool) -> io::Result<Result<PathBuf, String>> {
    if COLLECTOR.find().is_none() && only_built {
        return Ok(Err(not_built(&COLLECTOR)));
    }
    (COLLECTOR.build)().map(Ok)
}

fn not_built(peer: &Built) -> String {
    format!("{} is not built; `cargo xtask peers` builds it", peer.title)
}

fn test_command(test: &str) -> Command {
    cargo(&["test", "--package", "peer-tests", "--test", test])
}

/// The step in which a service in Go asks the `tail-sampler` for its rate.
fn sampling(only_built: bool) -> io::Result<Step> {
    if only_built && languages::SAMPLER.find()?.is_none() {
        let reason = "the sampler in Go is not built; `cargo xtask peers languages` builds it";
        return Ok(Step::not_run(NOT_RUN, reason));
    }
    let mut command = test_command("sampling");
    command.env(languages::SAMPLER.variable, languages::SAMPLER.program()?);
    Ok(Step::new("peers: a remote sampler in Go", command))
}

/// The step that runs the file `test` of the tests against `peer`.
fn step(peer: &Built, test: &str, only_built: bool) -> io::Result<Step> {
    if peer.find().is_none() && only_built {
        return Ok(Step::not_run(NOT_RUN, not_built(peer)));
    }
    let program = (peer.build)()?;
    let mut command = test_command(test);
    command.env(peer.variable, program);
    Ok(Step::new(format!("peers: {}", peer.title), command))
}
