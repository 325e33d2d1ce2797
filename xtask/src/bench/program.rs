//! Builds the program that makes the calls to be counted, from the working tree and from another revision.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::services::run_command;
use crate::undo::Undo;
use crate::workspace::{cargo, root};

const PACKAGE: &str = "instructions";

/// Builds the program of this working tree.
pub(crate) fn build_current() -> io::Result<PathBuf> {
    build(&root().join("benches"), "now")
}

/// Builds the program of `base`: a revision of this repository, or a folder that holds the program for other sources.
pub(crate) fn build_base(base: &str) -> io::Result<PathBuf> {
    // A revision does not start with a slash, and a relative folder differs from a branch by its manifest.
    if Path::new(base).join("Cargo.toml").is_file() {
        return build(Path::new(base), "base");
    }
    let (checkout, _removed_at_the_end) = check_out(base)?;
    let workspace = checkout.join("benches");
    if !workspace.join(PACKAGE).is_dir() {
        return Err(io::Error::other(format!(
            "{base} has no benches/{PACKAGE}; copy that folder, make it compile with the sources of {base}, \
             and pass the copy as --base FOLDER"
        )));
    }
    build(&workspace, "base")
}

/// The revision to compare with by default: the last tag, if there is one.
pub(crate) fn last_release() -> Option<String> {
    let output = git(&["describe", "--tags", "--abbrev=0"]).output().ok()?;
    let tag = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (output.status.success() && !tag.is_empty()).then_some(tag)
}

/// Checks out `revision` in a separate working tree.
fn check_out(revision: &str) -> io::Result<(PathBuf, Undo)> {
    let folder = root().join(format!("target/base-{}", std::process::id()));
    run_command(git(&["worktree", "add", "--detach", "--force"]).arg(&folder).arg(revision))?;
    let removed = folder.clone();
    let undo = Undo::new(move || {
        // Removal fails only if the folder has already been removed.
        let _ = git(&["worktree", "remove", "--force"]).arg(removed).output();
    });
    Ok((folder, undo))
}

/// Builds the program in `workspace`, and copies it to a place of its own under `name`.
///
/// Both programs share a target folder, so that what they both depend on is compiled once.
fn build(workspace: &Path, name: &str) -> io::Result<PathBuf> {
    let target = root().join("benches/target");
    println!("building the program of {} ...", workspace.display());
    let mut command = cargo(&["build", "--release", "--quiet", "--package", PACKAGE]);
    command.arg("--manifest-path").arg(workspace.join("Cargo.toml")).arg("--target-dir").arg(&target);
    if !command.status()?.success() {
        return Err(io::Error::other(format!("{} does not compile", workspace.display())));
    }
    let folder = target.join("instructions");
    fs::create_dir_all(&folder)?;
    let program = folder.join(name);
    fs::copy(target.join("release").join(PACKAGE), &program)?;
    Ok(program)
}

fn git(arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.args(arguments).current_dir(root());
    command
}
