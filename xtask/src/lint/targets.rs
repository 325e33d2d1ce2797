//! Other platforms: `cargo check` of the crates without C code, with their default features.

use crate::rustup;
use crate::step::{Outcome, Step, succeeds};
use crate::workspace::{Package, cargo};

const TARGETS: [&str; 5] = [
    "aarch64-unknown-linux-gnu",
    "aarch64-apple-darwin",
    "x86_64-apple-darwin",
    "x86_64-pc-windows-gnu",
    "x86_64-pc-windows-msvc",
];
/// Crates with C code need a C compiler for the target: librdkafka, SQLite, ring, zstd.
const WITH_C_CODE: [&str; 4] = ["tail-sampler", "trace-lens", "tracing-kafka", "tracing-sql"];

pub(crate) fn steps(packages: &[Package]) -> Vec<Step> {
    let without_c = packages.iter().filter(|package| package.is_published);
    let without_c = without_c.filter(|package| !WITH_C_CODE.contains(&package.name.as_str()));
    let names: Vec<&str> = without_c.map(|package| package.name.as_str()).collect();
    let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    TARGETS.iter().map(|target| check(target, names.clone())).collect()
}

fn check(target: &'static str, names: Vec<String>) -> Step {
    Step::outcome(format!("check for {target}"), move || {
        if let Err(reason) = rustup::target(target) {
            return Ok(Outcome::NotRun(reason));
        }
        let mut command = cargo(&["check", "--quiet", "--target", target]);
        for name in &names {
            command.args(["--package", name]);
        }
        succeeds(&mut command).map(Outcome::from)
    })
}
