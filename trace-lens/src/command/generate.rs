//! Completion scripts, manual pages, and the schema of the JSON output.

use std::fs;
use std::path::Path;

use clap::CommandFactory;

use super::answer::{Failure, write_out};
use super::args::Program;

/// The JSON schema of `--format json`.
pub(crate) const SCHEMA: &str = include_str!("../../schema/v1.json");

pub(crate) fn completions(shell: clap_complete::Shell) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Program::command(), "trace-lens", &mut script);
    write_out(&String::from_utf8_lossy(&script)).map(|()| 0)
}

/// Writes a page for the program and one for each command.
pub(crate) fn manual(folder: &Path) -> Result<u8, Failure> {
    let error = |error| Failure::unusable(format!("{}: {error}", folder.display()));
    fs::create_dir_all(folder).map_err(error)?;
    clap_mangen::generate_to(Program::command(), folder).map_err(error)?;
    Ok(0)
}
