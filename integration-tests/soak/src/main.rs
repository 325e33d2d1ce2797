//! The soak test. `soak run` starts the shop, its load, a ledger and a Collector, injects faults, and checks the outcome.
//!
//! `soak service NAME` and `soak load` are the processes of the shop. The ledger is a program of its own, `soak-ledger`,
//! which contains no code of the suite.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

mod harness;
mod outage;
mod program;
mod span_key;

use std::error::Error;
use std::process::ExitCode;

const USAGE: &str = "\
usage: soak run OPTIONS | soak service NAME | soak load
       soak outage SECONDS SPANS-PER-SECOND FOLDER

  --collector FILE   the OpenTelemetry Collector to start (required)
  --folder FOLDER    for logs, disk queues, databases and the ledger (required)
  --seconds N        the duration of the run with faults (default 600)
  --control N        the duration of the run without recording, with the same seed (default 0: none)
  --seed N           the seed of the faults (default: random)
  --orders N         orders per second (default 4)
  --spans N          spans per second in addition to those of the orders (default 400)
  --server NAME=FILE a database or broker that something else restarts, and the file with the id of its process group
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["run", ..] => harness::run(&arguments[1..]),
        ["service", name] => in_runtime(program::service(name)).map(|()| true),
        ["outage", seconds, rate, folder] => outage::run(seconds, rate, folder),
        ["sink", port, file] => outage::serve(port, file).map(|()| true),
        ["load"] => in_runtime(program::load()).map(|()| true),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("soak: {error}");
            ExitCode::FAILURE
        }
    }
}

fn in_runtime(work: impl Future<Output = Result<(), Box<dyn Error>>>) -> Result<(), Box<dyn Error>> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}
