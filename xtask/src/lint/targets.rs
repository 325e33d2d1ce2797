//! Other platforms: `cargo check` of the crates without C code, where the target is installed.

use std::path::PathBuf;
use std::process::Command;

use crate::step::Step;
use crate::workspace::{Package, cargo, root};

const TARGETS: [&str; 5] = [
    "aarch64-unknown-linux-gnu",
    "aarch64-apple-darwin",
    "x86_64-apple-darwin",
    "x86_64-pc-windows-gnu",
    "x86_64-pc-windows-msvc",
];
/// Crates with C code need a C compiler for the target: librdkafka, SQLite.
const WITH_C_CODE: [&str; 2] = ["tracing-kafka", "tracing-sql"];

pub(crate) fn steps(packages: &[Package]) -> Vec<Step> {
    let without_c = packages.iter().filter(|package| package.is_published);
    let without_c = without_c.filter(|package| !WITH_C_CODE.contains(&package.name.as_str()));
    let names: Vec<&str> = without_c.map(|package| package.name.as_str()).collect();
    let libraries = libraries();
    TARGETS.iter().map(|target| check(target, &names, libraries.as_deref())).collect()
}

fn check(target: &str, names: &[&str], libraries: Option<&std::path::Path>) -> Step {
    let title = format!("check for {target}");
    if !libraries.is_some_and(|libraries| libraries.join(target).join("lib").is_dir()) {
        return Step::not_run(title, format!("`rustup target add {target}` installs this target"));
    }
    let mut command = cargo(&["check", "--quiet", "--target", target]);
    for name in names {
        command.args(["--package", name]);
    }
    Step::new(title, command)
}

/// The folder with the libraries of each installed target.
fn libraries() -> Option<PathBuf> {
    let output = Command::new("rustc").args(["--print", "sysroot"]).current_dir(root()).output().ok()?;
    Some(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()).join("lib/rustlib"))
}
