//! The blocks of docs/migration that show spans.

use std::path::Path;
use std::process::Command;

use super::{PROGRAMS, Program};

/// Prints the spans of all programs.
pub fn print() -> Result<(), String> {
    for program in &PROGRAMS {
        println!("{}, {}\n\n{}", program.page, program.side.name(), spans(program)?);
    }
    Ok(())
}

/// Writes the spans of all programs to the pages.
pub fn save() -> Result<(), String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/migration");
    for program in &PROGRAMS {
        let path = folder.join(program.page).with_extension("md");
        let page = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let filled = fill(&page, program.side.name(), &spans(program)?);
        let filled = filled.ok_or_else(|| format!("{} has no place for the spans", path.display()))?;
        std::fs::write(&path, filled).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn spans(program: &Program) -> Result<String, String> {
    let executable = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new(executable).args(["spans", program.page, program.side.name()]).output();
    let output = output.map_err(|error| error.to_string())?;
    if !output.status.success() || output.stdout.is_empty() {
        let errors = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{}, {}: {errors}", program.page, program.side.name()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Replaces the text between the marks `spans:SIDE`.
fn fill(page: &str, side: &str, spans: &str) -> Option<String> {
    let (start, end) = (format!("<!-- spans:{side} -->"), format!("<!-- /spans:{side} -->"));
    let (before, rest) = page.split_once(&start)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{start}\n```text\n{}\n```\n{end}{after}", spans.trim_end()))
}
