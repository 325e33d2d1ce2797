//! `cargo xtask test`: runs all tests.

use std::io;
use std::process::Command;

use crate::peers;
use crate::readme;
use crate::services::Services;
use crate::step::{Step, run_all};
use crate::workspace::{cargo, has_subcommand, packages};

/// The arguments that select the tests of the workspace. Benchmarks are left out, documentation has its own step, and the tests
/// against real systems need programs that take minutes to build.
const TARGETS: [&str; 9] = [
    "--workspace",
    "--exclude",
    "peer-tests",
    "--all-features",
    "--no-fail-fast",
    "--lib",
    "--bins",
    "--tests",
    "--examples",
];

pub(crate) fn run(arguments: &[String]) -> io::Result<bool> {
    let runner = match arguments {
        [flag] if flag == "--peers" => return peers::test(false),
        [flag, built] if flag == "--peers" && built == "--only-built" => return peers::test(true),
        _ => Runner::chosen(arguments, has_subcommand)?,
    };
    let services = Services::start(&[])?;
    // The servers run until the last step has ended.
    Ok(run_all(steps(runner, &services)?))
}

/// The program that runs the tests.
///
/// The command line selects it, so that the command does the same on every machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Runner {
    CargoTest,
    Nextest,
}

impl Runner {
    fn chosen(arguments: &[String], is_installed: impl Fn(&str) -> bool) -> io::Result<Self> {
        match arguments {
            [] => Ok(Self::CargoTest),
            [flag] if flag == "--nextest" && is_installed("nextest") => Ok(Self::Nextest),
            [flag] if flag == "--nextest" => Err(io::Error::other(
                "cargo-nextest is not installed; install it with `cargo install cargo-nextest --locked`, \
                 or run `cargo xtask test`, which does not need it",
            )),
            _ => Err(io::Error::other("usage: cargo xtask test [--nextest | --peers [--only-built]]")),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::CargoTest => "tests",
            Self::Nextest => "tests, with cargo-nextest",
        }
    }

    /// Runs the same tests with both runners.
    fn command(self) -> Command {
        let mut command = match self {
            Self::CargoTest => cargo(&["test"]),
            Self::Nextest => cargo(&["nextest", "run"]),
        };
        command.args(TARGETS);
        command
    }
}

/// Tests with all features at once, then documentation and READMEs, then each feature on its own.
fn steps(runner: Runner, services: &Services) -> io::Result<Vec<Step>> {
    let mut tests = runner.command();
    services.tell(&mut tests);
    let mut steps = vec![Step::new(runner.name(), tests), doc_tests()];
    steps.extend(address_sanitizer());
    steps.extend(readme::steps()?);
    steps.extend(features_alone()?);
    Ok(steps)
}

/// Tests of the documentation, which nextest cannot run.
fn doc_tests() -> Step {
    Step::new("examples in the documentation", cargo(&["test", "--workspace", "--all-features", "--doc"]))
}

/// The clock reads the processor's counter, which is unsafe code, on Linux on x86-64 only. The tracing layer has none, but its spans
/// pass through code that has. The sanitizer is an unstable option of the installed compiler.
fn address_sanitizer() -> [Step; 2] {
    const TARGET: &str = "x86_64-unknown-linux-gnu";
    const NAMES: [&str; 2] =
        ["the clock under AddressSanitizer", "10,000 cancelled tasks under AddressSanitizer"];
    const TESTS: [&[&str]; 2] = [&["--lib", "clock::"], &["--test", "tracing_layer_cancelled_tasks"]];
    std::array::from_fn(|index| {
        if !cfg!(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu")) {
            return Step::not_run(NAMES[index], "there is no sanitizer for this platform");
        }
        // The same features, so that the crate is compiled once.
        let mut command =
            cargo(&["test", "--package", "tracing-core-lite", "--features", "testing,tracing-layer"]);
        command.args(["--target", TARGET]).args(TESTS[index]);
        command.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", "-Zsanitizer=address");
        Step::new(NAMES[index], command)
    })
}

/// Checks each feature alone, to find features that only compile together with others.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_runners_get_the_same_targets() {
        let arguments = |runner: Runner| -> Vec<String> {
            runner.command().get_args().map(|argument| argument.to_string_lossy().into_owned()).collect()
        };
        assert_eq!(arguments(Runner::CargoTest)[1..], arguments(Runner::Nextest)[2..]);
        // Without `--examples`, `cargo test` does not build the examples that a test starts.
        assert!(TARGETS.contains(&"--examples"));
    }

    #[test]
    fn the_command_line_chooses_the_runner_and_not_what_is_installed() {
        for is_installed in [false, true] {
            let chosen = |arguments: &[&str]| {
                let arguments: Vec<String> = arguments.iter().map(|&it| it.to_owned()).collect();
                Runner::chosen(&arguments, |_| is_installed).map_err(|error| error.to_string())
            };
            assert_eq!(chosen(&[]), Ok(Runner::CargoTest), "installed: {is_installed}");
            match (is_installed, chosen(&["--nextest"])) {
                (true, runner) => assert_eq!(runner, Ok(Runner::Nextest)),
                (false, runner) => assert!(runner.is_err_and(|error| error.contains("is not installed"))),
            }
            assert!(chosen(&["--fast"]).is_err_and(|error| error.starts_with("usage")));
        }
    }
}
