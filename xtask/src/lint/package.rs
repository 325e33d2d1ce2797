//! The crates as they would be published: `cargo package`, which builds each from its archive.

use std::io;
use std::path::PathBuf;
use std::process::Command;

use crate::step::{Outcome, Step, succeeds};
use crate::workspace::{Package, cargo, root};

pub(crate) fn step(packages: &[Package]) -> Step {
    let published = packages.iter().filter(|package| package.is_published);
    let names: Vec<String> = published.map(|package| package.name.clone()).collect();
    let folders: Vec<String> =
        names.iter().map(|name| format!("{name}-{}", env!("CARGO_PKG_VERSION"))).collect();
    Step::outcome("packages", move || {
        if has_uncommitted_changes()? {
            return Ok(Outcome::NotRun("cargo packages only what is committed".into()));
        }
        remove_unpacked(&folders)?;
        // Results of an earlier run would be reused, because the version is the same.
        let target = root().join("target/packages");
        if target.is_dir() {
            std::fs::remove_dir_all(&target)?;
        }
        let mut command = cargo(&["package", "--quiet", "--target-dir"]);
        command.arg(&target);
        for name in &names {
            command.args(["--package", name]);
        }
        succeeds(&mut command).map(Outcome::from)
    })
}

/// Checks that each published crate has the licence files in its folder, from where `cargo package` takes them.
pub(crate) fn licences(packages: &[Package]) -> Step {
    let published = packages.iter().filter(|package| package.is_published);
    let names: Vec<String> = published.map(|package| package.name.clone()).collect();
    Step::check("licence files of packages", move || {
        let mut complete = true;
        for file in ["LICENSE-APACHE", "LICENSE-MIT"] {
            let expected = std::fs::read(root().join(file))?;
            for name in &names {
                if std::fs::read(root().join(name).join(file)).ok().as_ref() != Some(&expected) {
                    println!("{name}/{file} is missing or differs; link it: ln -s ../{file} {name}/{file}");
                    complete = false;
                }
            }
        }
        Ok(complete)
    })
}

/// Removes what an earlier run unpacked. cargo verifies a crate against the archives of the others, and keeps an archive unpacked
/// for as long as its version stays the same.
fn remove_unpacked(folders: &[String]) -> io::Result<()> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let Some(Ok(sources)) = home.map(|home| home.join("registry/src").read_dir()) else { return Ok(()) };
    for source in sources.flatten() {
        // The folder of a registry without a host name, such as the temporary one of `cargo package`.
        if !source.file_name().to_string_lossy().starts_with('-') {
            continue;
        }
        for folder in folders.iter().map(|folder| source.path().join(folder)).filter(|folder| folder.is_dir())
        {
            std::fs::remove_dir_all(folder)?;
        }
    }
    Ok(())
}

fn has_uncommitted_changes() -> io::Result<bool> {
    let output = Command::new("git").args(["status", "--porcelain"]).current_dir(root()).output()?;
    Ok(!output.stdout.is_empty())
}
