//! `cargo xtask test`: everything that a contributor should run.

use std::io;

use crate::services::Services;
use crate::step::{Step, run_all};
use crate::workspace::{cargo, has_subcommand, packages};

pub(crate) fn run(arguments: &[String]) -> io::Result<bool> {
    let runner = match arguments {
        [] => Runner::CargoTest,
        [flag] if flag == "--nextest" => Runner::Nextest,
        _ => return Err(io::Error::other("usage: cargo xtask test [--nextest]")),
    };
    if runner == Runner::Nextest && !has_subcommand("nextest") {
        return Err(io::Error::other(
            "cargo-nextest is not installed; install it with `cargo install cargo-nextest --locked`, \
             or run `cargo xtask test`, which does not need it",
        ));
    }
    let services = Services::start(&[])?;
    // The servers run until the last step is through.
    Ok(run_all(steps(runner, &services)?))
}

/// The program that runs the tests.
///
/// It is chosen on the command line, never by what happens to be installed: the command does the same on every machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Runner {
    CargoTest,
    Nextest,
}

/// Tests with all features at once, then documentation, then each feature on its own.
fn steps(runner: Runner, services: &Services) -> io::Result<Vec<Step>> {
    let mut steps = vec![tests(runner, services), doc_tests()];
    steps.extend(sanitized());
    steps.extend(features_alone()?);
    Ok(steps)
}

fn tests(runner: Runner, services: &Services) -> Step {
    let (name, mut command) = match runner {
        Runner::CargoTest => ("tests", cargo(&["test"])),
        Runner::Nextest => ("tests, with cargo-nextest", cargo(&["nextest", "run"])),
    };
    // Both runners are given the same targets. Benchmarks are not among them, and documentation has a step of its own.
    command.args(["--workspace", "--all-features", "--no-fail-fast"]);
    command.args(["--lib", "--bins", "--tests", "--examples"]);
    services.tell(&mut command);
    Step::new(name, command)
}

/// Tests of the documentation, which nextest cannot run.
fn doc_tests() -> Step {
    Step::new("examples in the documentation", cargo(&["test", "--workspace", "--all-features", "--doc"]))
}

/// The clock asks the processor itself, which Rust calls unsafe, and only does so on Linux on x86-64. The sanitizer comes with the toolchain,
/// for who says that a flag may change with the next one.
fn sanitized() -> Option<Step> {
    const TARGET: &str = "x86_64-unknown-linux-gnu";
    if !cfg!(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu")) {
        println!("The clock is the system's here, so it is not tested under AddressSanitizer.\n");
        return None;
    }
    let mut command =
        cargo(&["test", "--package", "tracing-core-lite", "--lib", "--target", TARGET, "clock::"]);
    command.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", "-Zsanitizer=address");
    Some(Step::new("the clock under AddressSanitizer", command))
}

/// A feature that forgot what it needs compiles beside the others, and breaks at the user who wants only that one.
fn features_alone() -> io::Result<Vec<Step>> {
    let mut steps = Vec::new();
    for package in packages()? {
        if package.features.is_empty() {
            continue;
        }
        let name = package.name.as_str();
        let check = ["check", "--package", name, "--no-default-features"];
        steps.push(Step::quiet(format!("{name} without features"), cargo(&check)));
        for feature in &package.features {
            let mut command = cargo(&check);
            command.args(["--features", feature]);
            steps.push(Step::quiet(format!("{name} with only {feature}"), command));
        }
    }
    Ok(steps)
}
