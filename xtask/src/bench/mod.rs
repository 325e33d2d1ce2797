//! `cargo xtask bench`: the benchmarks of all crates, comparisons with other tracing layers, and instruction counts.

mod callgrind;
mod instructions;
mod over_sdk;
mod program;
mod table;

use std::io;

pub(crate) use self::instructions::run as run_instructions;
pub(crate) use self::over_sdk::run as run_over_sdk;
use crate::step::{Step, run_all};
use crate::workspace::{cargo, packages};

/// Runs the benchmarks whose name contains `filter`, or all.
pub(crate) fn run(filter: Option<&str>) -> io::Result<bool> {
    let mut steps = Vec::new();
    for package in packages()? {
        // Each benchmark is named: a plain `cargo bench` also runs every unit test.
        for bench in package.benches {
            let mut command =
                cargo(&["bench", "--package", &package.name, "--all-features", "--bench", &bench]);
            command.args(filter.map(|filter| ["--", filter]).into_iter().flatten());
            steps.push(Step::new(format!("{} of {}", bench, package.name), command));
        }
    }
    Ok(run_all(steps))
}

/// Measures trace-lens on a million spans, and how often `why` is right. `arguments` are passed on to that program.
pub(crate) fn run_lens(arguments: &[String]) -> bool {
    let mut command = cargo(&["bench", "--package", "trace-lens", "--all-features", "--bench", "lens", "--"]);
    command.args(arguments);
    run_all(vec![Step::new("trace-lens on a million spans", command)])
}

/// Measures what tracing costs a handler that creates a thousand spans, and how an enforced budget lowers it.
pub(crate) fn run_budget() -> bool {
    let bench =
        ["bench", "--package", "tracing-http", "--all-features", "--bench", "overhead_budget", "--", "run"];
    run_all(vec![Step::new("the overhead budget in a real run", cargo(&bench))])
}

/// Compares our layers with others. `arguments` are passed on to that program.
///
/// It has a workspace of its own, because the other layers pin other versions of our dependencies.
pub(crate) fn run_peers(arguments: &[String]) -> bool {
    let mut command =
        cargo(&["run", "--release", "--manifest-path", "benches/Cargo.toml", "--package", "peers", "--"]);
    command.args(arguments);
    run_all(vec![Step::new("other tracing layers beside ours", command)])
}
