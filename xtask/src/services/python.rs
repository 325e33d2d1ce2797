//! Python's virtual environments, for programs from PyPI and for tests against other languages.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::apt::{Program, install, python_has_environments};
use super::service::run;
use crate::workspace::root;

const PYTHON: Program = Program { names: &["python3"], package: "python3" };
/// Debian has virtual environments in a package of their own.
const ENVIRONMENTS: &str = "python3-venv";

/// The Debian packages that are missing.
pub(crate) fn missing() -> Vec<&'static str> {
    if PYTHON.find().is_none() {
        vec![PYTHON.package, ENVIRONMENTS]
    } else if !python_has_environments() {
        vec![ENVIRONMENTS]
    } else {
        Vec::new()
    }
}

/// Returns the Python of this machine. Missing packages are installed.
pub(crate) fn python() -> io::Result<PathBuf> {
    let missing = missing();
    if !missing.is_empty() {
        install(&missing, "")?;
    }
    PYTHON.path()
}

/// Returns the folder of an environment with `packages`, which is made once per list of packages and kept in the target folder.
pub(crate) fn environment(name: &str, packages: &[&str]) -> io::Result<PathBuf> {
    let folder = root().join("target/python").join(name);
    let installed = folder.join("installed.txt");
    let wanted = packages.join("\n");
    if fs::read_to_string(&installed).is_ok_and(|installed| installed == wanted) {
        return Ok(folder);
    }
    let python = python()?;
    run(Command::new(python).args(["-m", "venv", "--clear"]).arg(&folder))?;
    let options = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    run(Command::new(folder.join("bin/python")).args(options).args(packages))?;
    fs::write(installed, wanted)?;
    Ok(folder)
}

/// Returns the folder in which `environment` keeps its packages.
pub(crate) fn packages(environment: &Path) -> io::Result<PathBuf> {
    let query = "import sysconfig; print(sysconfig.get_path('platlib'))";
    let output = Command::new(environment.join("bin/python")).args(["-c", query]).output()?;
    Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim_end()))
}

/// Makes `program` executable: pip installs it without that permission, which the package's own script sets.
pub(crate) fn make_executable(program: &Path) -> io::Result<()> {
    fs::set_permissions(program, fs::Permissions::from_mode(0o755))
}
