//! `cargo xtask lint`: checks that do not run the code.

mod cycles;
mod deny;
mod docs_rs;
mod msrv;
mod package;
mod targets;

use std::io;

use crate::step::{Step, run_all};
use crate::workspace::{cargo, packages};

/// Runs the checks whose name contains one of `filters`, or all without any.
pub(crate) fn run(filters: &[String]) -> io::Result<bool> {
    let packages = packages()?;
    let mut steps = vec![
        format(),
        Step::check("no dependency cycles between files", cycles::check),
        clippy(),
        docs_rs::step(),
        package::licences(&packages),
        package::step(&packages),
    ];
    steps.extend(msrv::steps(&packages));
    steps.extend(targets::steps(&packages));
    steps.push(deny::step());
    if !filters.is_empty() {
        steps.retain(|step| filters.iter().any(|filter| step.name().contains(filter)));
    }
    Ok(run_all(steps))
}

fn format() -> Step {
    Step::new("formatting", cargo(&["fmt", "--all", "--check"]))
}

fn clippy() -> Step {
    let mut command = cargo(&["clippy", "--workspace", "--all-targets", "--all-features"]);
    command.args(["--", "-D", "warnings"]);
    Step::new("clippy", command)
}
