//! `cargo xtask demo`: builds the shop and runs it.

use std::io;
use std::process::ExitCode;

use crate::workspace::cargo;

pub(crate) fn run(options: &[String]) -> ExitCode {
    match build_and_run(options) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("cargo xtask demo: {error}");
            ExitCode::FAILURE
        }
    }
}

fn build_and_run(options: &[String]) -> io::Result<ExitCode> {
    eprintln!("building the shop (a minute or two the first time)");
    let shop = ["--package", "examples", "--bin", "shop"];
    if !cargo(&["build"]).args(shop).status()?.success() {
        return Ok(ExitCode::FAILURE);
    }
    let mut demo = cargo(&["run", "--quiet"]);
    demo.args(shop).args(["--", "demo"]).args(options);
    // Paths on the command line are relative to the user's folder, not to the root of the workspace.
    demo.current_dir(std::env::current_dir()?);
    let status = demo.status()?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}
