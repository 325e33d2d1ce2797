//! `document`: writes the tracing documentation of a system.

use std::fs;
use std::io::Write;

use trace_lens::plan::{Documentation, sampling_rules};

use super::answer::{Failure, write_out};
use super::args::DocumentArgs;
use super::input::load;

/// The rules of a sampler's configuration in YAML or JSON, else the lines of a text.
fn rules(text: &str) -> Vec<String> {
    let configuration = serde_saphyr::from_str::<serde_json::Value>(text).ok();
    configuration.as_ref().and_then(sampling_rules).unwrap_or_else(|| {
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
    })
}

pub(crate) fn run(args: &DocumentArgs) -> Result<u8, Failure> {
    let read = |file: &std::path::PathBuf| {
        fs::read_to_string(file).map_err(|error| Failure::unusable(format!("{}: {error}", file.display())))
    };
    let sampling = args.sampling.as_ref().map(read).transpose()?.map(|it| rules(&it)).unwrap_or_default();
    let written = load(&args.shared)?.merged(|lens| Documentation::new(lens.spans()))?.markdown(&sampling);
    let Some(file) = &args.check else { return write_out(&written).map(|()| 0) };
    let kept = read(file)?;
    if kept.replace("\r\n", "\n") == written {
        return Ok(0);
    }
    let differs = kept.lines().zip(written.lines()).position(|(a, b)| a != b);
    let line = differs.unwrap_or_else(|| kept.lines().count().min(written.lines().count())) + 1;
    // Nothing helps if even this cannot be written.
    let _ = writeln!(
        std::io::stderr(),
        "trace-lens: {} differs from the traces at line {line}: it has {:?}, the traces give {:?}",
        file.display(),
        kept.lines().nth(line - 1).unwrap_or("(nothing)"),
        written.lines().nth(line - 1).unwrap_or("(nothing)"),
    );
    Ok(1)
}
