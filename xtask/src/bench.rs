//! `cargo xtask bench`: the benchmarks of all crates, or those of other tracing layers beside ours.

use std::io;

use crate::step::{Step, run_all};
use crate::workspace::{cargo, packages};

pub(crate) fn run(filter: Option<&str>) -> io::Result<bool> {
    let mut steps = Vec::new();
    for package in packages()? {
        // Benchmarks are named one by one: a plain `cargo bench` would also run every unit test once.
        for bench in package.benches {
            let mut command =
                cargo(&["bench", "--package", &package.name, "--all-features", "--bench", &bench]);
            command.args(filter.map(|filter| ["--", filter]).into_iter().flatten());
            steps.push(Step::new(format!("{} of {}", bench, package.name), command));
        }
    }
    Ok(run_all(steps))
}

/// The peers have a workspace of their own, since they pin other versions of what we use. `arguments` are theirs.
pub(crate) fn run_peers(arguments: &[String]) -> bool {
    let mut command = cargo(&["run", "--release", "--manifest-path", "benches/Cargo.toml", "--"]);
    command.args(arguments);
    run_all(vec![Step::new("other tracing layers beside ours", command)])
}
