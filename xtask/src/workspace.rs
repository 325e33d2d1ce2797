//! The packages of this workspace, from `cargo metadata`.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A package of the workspace.
pub(crate) struct Package {
    pub(crate) name: String,
    /// Its features except `default` and `full`, sorted.
    pub(crate) features: Vec<String>,
    /// Whether it may be published.
    pub(crate) is_published: bool,
    /// The Rust version that it needs, or nothing.
    pub(crate) rust_version: String,
    /// The names of its benchmarks.
    pub(crate) benches: Vec<String>,
}

/// Returns the folder of the workspace.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// Returns a command for the cargo that runs this program, in the root of the workspace.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    command
}

/// Returns whether cargo has the subcommand `name` (`cargo name --version` succeeds).
pub(crate) fn has_subcommand(name: &str) -> bool {
    cargo(&[name, "--version"]).output().is_ok_and(|output| output.status.success())
}

/// Returns the packages of the workspace.
pub(crate) fn packages() -> io::Result<Vec<Package>> {
    let metadata = metadata(&mut cargo(&["metadata", "--no-deps", "--format-version", "1"]))?;
    Ok(metadata["packages"].as_array().into_iter().flatten().map(Package::read).collect())
}

/// Returns the output of `command`, a `cargo metadata`.
pub(crate) fn metadata(command: &mut Command) -> io::Result<Value> {
    let output = command.output()?;
    if !output.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

impl Package {
    fn read(package: &Value) -> Self {
        let features = package["features"].as_object().into_iter().flat_map(|features| features.keys());
        let features = features.filter(|name| !matches!(name.as_str(), "default" | "full"));
        let targets = package["targets"].as_array().into_iter().flatten();
        let benches = targets.filter(|target| target["kind"][0] == "bench");
        Self {
            name: text(&package["name"]),
            features: features.cloned().collect(),
            is_published: package["publish"].is_null(),
            rust_version: text(&package["rust_version"]),
            benches: benches.map(|target| text(&target["name"])).collect(),
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
