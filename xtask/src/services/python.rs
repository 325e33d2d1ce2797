//! Python with virtual environments, for tests against other languages.

use std::io;
use std::process::Command;

use super::service::{program, run};

/// Installs what is missing: Debian has virtual environments in a package of their own.
pub(crate) fn check() -> io::Result<()> {
    let python = program(&["python3"], "python3")?;
    let has_venv = || run(Command::new(&python).args(["-c", "import ensurepip, venv"]));
    if has_venv().is_err() {
        super::service::install("python3-venv")?;
        has_venv()?;
    }
    Ok(())
}
