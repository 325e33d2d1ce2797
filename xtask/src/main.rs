//! `cargo xtask …`: the development commands of this project.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

mod bench;
mod compose;
mod demo;
mod fuzz;
mod lint;
mod peers;
mod readme;
mod rustup;
mod services;
mod soak;
mod step;
mod test;
mod undo;
mod workspace;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  test [--nextest]  runs every test, the examples in documentation and READMEs, and checks each feature alone; `--nextest` runs
                    the tests with cargo-nextest instead of `cargo test`
  test --peers [--only-built]
                    runs the tests against Jaeger, the OpenTelemetry Collector, and services in Go, Java, JavaScript and Python,
                    and builds these first; with `--only-built` it leaves out those that have not been built
  peers [NAME…]     builds Jaeger, the Collector and the services (jaeger, collector, languages), once for all runs of this user
  peers record-tail records anew how the Collector's tail_sampling decides about the traces of our test; takes five minutes
  services [NAME…]  starts the databases and brokers that tests use, all or those named (postgres, mariadb, redis, rabbitmq,
                    kafka), prints their variables, and stops them at Ctrl-C
  compose-images    provides every image that the shop needs under docker compose: pulls it, or builds a stand-in
  compose-test [--from-source] [--skip-without-engine]
                    starts the shop under docker compose, places orders and checks their traces
  lint [FILTER…]    checks formatting, clippy, documentation, packages, cycles between files, Rust versions, other platforms and
                    dependencies, with warnings as errors; with filters only the steps whose name contains one of them
  demo [OPTIONS]    places orders in a small shop and shows their traces; `demo --help` lists the options
  soak [MINUTES] [--seed N] [--control MINUTES] [--servers] [--only-built]
                    runs the shop under load for MINUTES (10), with random faults, and checks that every acknowledged span arrives
                    in a Collector; then the same seed without recording for the minutes of `--control` (a quarter of MINUTES);
                    `--servers` starts PostgreSQL, Redis, RabbitMQ and Kafka for the shop, which then have faults, too
  soak outage [SECONDS]
                    takes the receiver away for SECONDS (600) while 10,000 spans per second come, and checks the bounds of memory
                    and disk, and how fast the backlog drains
  bench [FILTER]    runs the benchmarks, or those whose name contains FILTER
  bench peers [quick] [http] [grpc] [sql] [export] [server] [growth]
                    compares our layers with others, and writes benches/RESULTS.md; `quick` prints only
  bench budget      measures what tracing costs a busy handler, from outside and by its own account, and how an enforced
                    budget lowers it; takes about four minutes
  bench lens [spans NUMBER] [why] [json]
                    measures trace-lens with a million spans in OTLP protobuf, JSON lines, and 200 cases of `why`
  bench instructions [--base REVISION|FOLDER] [--only TEXT] [--calls NUMBER] [--save]
                    counts the instructions that tracing adds to each call, here and at the base (the last release by default),
                    and fails if one takes more than 2 % more; needs valgrind; `--save` writes the table to benches/RESULTS.md
  bench over-sdk [--only TEXT] [--calls NUMBER] [--save]
                    counts what our layers and wrappers add to each call while opentelemetry_sdk records their spans, beside the
                    same span by hand

  fuzz [SECONDS] [--only TEXT] [--jobs NUMBER]
                    feeds every parser of foreign bytes with random input for SECONDS each (60 by default), those whose name contains
                    TEXT, NUMBER at the same time; needs cargo-fuzz

`test`, `lint`, `services` and `compose-test` announce and install missing programs; XTASK_INSTALL=no prevents that.
";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next();
    let rest: Vec<String> = arguments.collect();
    let outcome = match command.as_deref() {
        Some("test") => test::run(&rest),
        Some("peers") => peers::run(&rest),
        Some("services") => services::run(&rest),
        Some("compose-images") => compose::images(),
        Some("compose-test") => compose::test(&rest),
        Some("demo") => return demo::run(&rest),
        Some("bench") => match rest.split_first() {
            Some((first, parts)) if first == "lens" => Ok(bench::run_lens(parts)),
            Some((first, [])) if first == "budget" => Ok(bench::run_budget()),
            Some((first, parts)) if first == "peers" => Ok(bench::run_peers(parts)),
            Some((first, options)) if first == "instructions" => bench::run_instructions(options),
            Some((first, options)) if first == "over-sdk" => bench::run_over_sdk(options),
            first => bench::run(first.map(|(filter, _)| filter.as_str())),
        },
        Some("fuzz") => fuzz::run(&rest),
        Some("lint") => lint::run(&rest),
        Some("soak") => soak::run(&rest),
        Some("help" | "--help" | "-h") => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Some(unknown) => {
            eprint!("cargo xtask: there is no command {unknown:?}\n\n{USAGE}");
            return ExitCode::from(2);
        }
        None => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("cargo xtask: {error}");
            ExitCode::FAILURE
        }
    }
}
