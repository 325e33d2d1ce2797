//! Python's virtual environments, for programs that PyPI has and for tests against other languages.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::service::{program, run};
use crate::workspace::root;

/// Installs what is missing: Debian has virtual environments in a package of their own.
pub(crate) fn check() -> io::Result<PathBuf> {
    let python = program(&["python3"], "python3")?;
    let has_venv = || run(Command::new(&python).args(["-c", "import ensurepip, venv"]));
    if has_venv().is_err() {
        super::service::install("python3-venv")?;
        has_venv()?;
    }
    Ok(python)
}

/// The folder of an environment with `packages`, made once for each list of packages and kept in the target folder.
pub(crate) fn environment(name: &str, packages: &[&str]) -> io::Result<PathBuf> {
    let folder = root().join("target/python").join(name);
    let installed = folder.join("installed.txt");
    let wanted = packages.join("\n");
    if fs::read_to_string(&installed).is_ok_and(|installed| installed == wanted) {
        return Ok(folder);
    }
    let python = check()?;
    run(Command::new(python).args(["-m", "venv", "--clear"]).arg(&folder))?;
    let options = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    run(Command::new(folder.join("bin/python")).args(options).args(packages))?;
    fs::write(installed, wanted)?;
    Ok(folder)
}

/// The folder of `environment` in which packages lie.
pub(crate) fn packages(environment: &Path) -> io::Result<PathBuf> {
    let query = "import sysconfig; print(sysconfig.get_path('platlib'))";
    let output = Command::new(environment.join("bin/python")).args(["-c", query]).output()?;
    Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim_end()))
}

/// Lets `program` be run: packages come without that permission, which their scripts set.
pub(crate) fn make_executable(program: &Path) -> io::Result<()> {
    fs::set_permissions(program, fs::Permissions::from_mode(0o755))
}
