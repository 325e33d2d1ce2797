//! Targets and toolchains of rustup, which are installed where they are missing.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::services::{SWITCH, installs};
use crate::workspace::root;

/// Makes the libraries of `target` available to the current toolchain.
///
/// # Errors
/// The reason why they are not.
pub(crate) fn target(target: &str) -> Result<(), String> {
    let is_installed = || libraries().is_some_and(|folder| folder.join(target).join("lib").is_dir());
    install(&["target", "add", target], is_installed)
}

/// Makes the toolchain `version` available.
///
/// # Errors
/// The reason why it is not.
pub(crate) fn toolchain(version: &str) -> Result<(), String> {
    let is_installed = || {
        let mut command = Command::new("rustup");
        command.args(["run", version, "rustc", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    install(&["toolchain", "install", version, "--profile", "minimal"], is_installed)
}

/// Runs rustup unless it is not needed, and says so first.
fn install(arguments: &[&str], is_installed: impl Fn() -> bool) -> Result<(), String> {
    if is_installed() {
        return Ok(());
    }
    let command = format!("rustup {}", arguments.join(" "));
    if !installs() {
        return Err(format!("not installed, and {SWITCH} is `no`; run `{command}`"));
    }
    println!("missing: running `{command}` (set {SWITCH}=no to avoid that)");
    let output = Command::new("rustup").args(arguments).current_dir(root()).stdin(Stdio::null()).output();
    match output {
        Ok(output) if output.status.success() && is_installed() => Ok(()),
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            Err(format!("`{command}` failed: {}", text.lines().last().unwrap_or_default()))
        }
        Err(error) => Err(format!("`{command}` could not be run: {error}")),
    }
}

/// The folder with the libraries of each installed target.
fn libraries() -> Option<PathBuf> {
    let output = Command::new("rustc").args(["--print", "sysroot"]).current_dir(root()).output().ok()?;
    Some(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()).join("lib/rustlib"))
}
