//! Checks the minimum Rust version of each crate.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::process::Command;

use serde_json::Value;

use crate::rustup;
use crate::step::{Outcome, Step, succeeds};
use crate::workspace::{Package, cargo, metadata, root};

/// One step per version, a check with that compiler, and one for the versions that the dependencies need.
///
/// Clippy's `incompatible_msrv`, which is on by default, reports newer items of the standard library with any compiler.
pub(crate) fn steps(packages: &[Package]) -> Vec<Step> {
    let mut by_version: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in packages.iter().filter(|package| package.is_published) {
        by_version.entry(&package.rust_version).or_default().push(&package.name);
    }
    let mut steps = vec![Step::check("no dependency needs a newer Rust", dependencies_agree)];
    steps.extend(by_version.into_iter().map(|(version, names)| build(version.to_owned(), owned(&names))));
    steps
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn build(version: String, names: Vec<String>) -> Step {
    let title = format!("Rust {version}: {}", names.join(", "));
    Step::outcome(title, move || {
        if let Err(reason) = rustup::toolchain(&version) {
            return Ok(Outcome::NotRun(reason));
        }
        let mut command = Command::new("rustup");
        command.args(["run", &version, "cargo", "check", "--quiet", "--all-features"]);
        command.args(["--target-dir", "target/msrv"]);
        for name in &names {
            command.args(["--package", name]);
        }
        // cargo sets these to the programs of the current toolchain.
        command.env_remove("CARGO").env_remove("RUSTC").env_remove("RUSTUP_TOOLCHAIN").current_dir(root());
        succeeds(&mut command).map(Outcome::from)
    })
}

/// Whether every crate's version is at least that of each crate that it depends on, with all features.
fn dependencies_agree() -> io::Result<bool> {
    let metadata = metadata(&mut cargo(&["metadata", "--all-features", "--format-version", "1"]))?;
    let newer = newer_dependencies(&metadata);
    for (package, version, dependency, needed) in &newer {
        println!("{package} declares Rust {version}, but its dependency {dependency} needs {needed}");
    }
    Ok(newer.is_empty())
}

/// Crate, its version of Rust, a dependency, and the version that this one needs.
type Newer = (String, String, String, String);

fn newer_dependencies(metadata: &Value) -> Vec<Newer> {
    let packages: BTreeMap<&str, &Value> =
        array(&metadata["packages"]).map(|package| (text(&package["id"]), package)).collect();
    let nodes: BTreeMap<&str, &Value> =
        array(&metadata["resolve"]["nodes"]).map(|node| (text(&node["id"]), node)).collect();
    let mut newer = Vec::new();
    for member in array(&metadata["workspace_members"]).map(text) {
        let Some(package) = packages.get(member).filter(|package| package["publish"].is_null()) else {
            continue;
        };
        let version = text(&package["rust_version"]);
        for id in dependencies(member, &nodes) {
            let Some(dependency) = packages.get(id) else { continue };
            let needed = text(&dependency["rust_version"]);
            if parts(needed) > parts(version) {
                let name = format!("{} {}", text(&dependency["name"]), text(&dependency["version"]));
                newer.push((text(&package["name"]).to_owned(), version.to_owned(), name, needed.to_owned()));
            }
        }
    }
    newer
}

/// Returns the dependencies of `package`, without those that only tests and build scripts use.
fn dependencies<'a>(package: &'a str, nodes: &BTreeMap<&'a str, &'a Value>) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open = vec![package];
    while let Some(id) = open.pop() {
        let Some(node) = nodes.get(id) else { continue };
        for dependency in array(&node["deps"]) {
            let is_normal = array(&dependency["dep_kinds"]).any(|kind| kind["kind"].is_null());
            let id = text(&dependency["pkg"]);
            if is_normal && found.insert(id) {
                open.push(id);
            }
        }
    }
    found
}

/// A version as three numbers: 1.88 is 1.88.0. An absent one is older than all.
fn parts(version: &str) -> [u32; 3] {
    let mut parts = [0; 3];
    for (part, text) in parts.iter_mut().zip(version.split('.')) {
        *part = text.parse().unwrap_or(0);
    }
    parts
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_dependency_of_a_dependency_that_needs_a_newer_rust_is_found() {
        let package = |id: &str, version: &str| json!({"id": id, "name": id, "version": "1.0.0", "rust_version": version, "publish": null});
        let depends = |id: &str, on: &str, kind: Value| json!({"id": id, "deps": [{"pkg": on, "dep_kinds": [{"kind": kind}]}]});
        let metadata = json!({
            "packages": [package("ours", "1.88"), package("near", "1.88.0"), package("far", "1.88.1"), package("test", "1.95")],
            "workspace_members": ["ours"],
            "resolve": {"nodes": [
                depends("ours", "near", Value::Null),
                depends("near", "far", Value::Null),
                depends("far", "test", json!("dev")),
            ]},
        });
        let expected = ("ours", "1.88", "far 1.0.0", "1.88.1");
        let found = newer_dependencies(&metadata);
        let found: Vec<_> =
            found.iter().map(|(a, b, c, d)| (a.as_str(), b.as_str(), c.as_str(), d.as_str())).collect();
        assert_eq!(found, [expected]);
    }
}
