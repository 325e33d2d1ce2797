//! `cargo xtask test`: everything that a contributor should run.

use std::io;

use crate::services::Services;
use crate::step::{Step, run_all};
use crate::workspace::{cargo, has_subcommand, packages};

pub(crate) fn run() -> io::Result<bool> {
    let services = Services::start(&[])?;
    // The servers run until the last step is through.
    Ok(run_all(steps(&services)?))
}

/// Tests with all features at once, then documentation, then each feature on its own.
fn steps(services: &Services) -> io::Result<Vec<Step>> {
    let mut steps = vec![tests(services), doc_tests()];
    steps.extend(sanitized());
    steps.extend(features_alone()?);
    Ok(steps)
}

fn tests(services: &Services) -> Step {
    if has_subcommand("nextest") {
        let mut command = cargo(&["nextest", "run", "--workspace", "--all-features", "--no-fail-fast"]);
        services.tell(&mut command);
        return Step::new("tests, with cargo-nextest", command);
    }
    println!(
        "cargo-nextest is not installed, so `cargo test` runs the tests: the same ones, a little slower.\n\
         To have it: cargo install cargo-nextest --locked\n"
    );
    let mut command = cargo(&["test", "--workspace", "--all-features", "--no-fail-fast"]);
    // The targets of nextest: all but benchmarks, and documentation, which has a step of its own.
    command.args(["--lib", "--bins", "--tests", "--examples"]);
    services.tell(&mut command);
    Step::new("tests", command)
}

/// nextest runs none of these.
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
