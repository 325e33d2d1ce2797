//! The crates as they would be published: `cargo package`, which builds each from its archive.

use std::process::Command;

use crate::step::{Outcome, Step, succeeds};
use crate::workspace::{Package, cargo, root};

pub(crate) fn step(packages: &[Package]) -> Step {
    let published = packages.iter().filter(|package| package.is_published);
    let names: Vec<String> = published.map(|package| package.name.clone()).collect();
    Step::outcome("packages", move || {
        if has_uncommitted_changes()? {
            return Ok(Outcome::NotRun("cargo packages only what is committed".into()));
        }
        let mut command = cargo(&["package", "--quiet"]);
        for name in &names {
            command.args(["--package", name]);
        }
        succeeds(&mut command).map(Outcome::from)
    })
}

fn has_uncommitted_changes() -> std::io::Result<bool> {
    let output = Command::new("git").args(["status", "--porcelain"]).current_dir(root()).output()?;
    Ok(!output.stdout.is_empty())
}
