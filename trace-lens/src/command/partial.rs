//! `partial` and `merge`: results that are merged later.

use std::fs;
use std::io::Write;

use serde::{Deserialize, Serialize};
use trace_lens::Lens;
use trace_lens::analysis::{Merge, Summary};

use super::answer::{Answer, Failure};
use super::args::{PartialArgs, Shared};
use super::input::load;
use super::summary;

/// The version of the stored form.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Partial<S> {
    trace_lens_partial: u32,
    summary: S,
}

pub(crate) fn write(args: &PartialArgs) -> Result<u8, Failure> {
    let summary = load(&args.shared)?.merged(Lens::summary)?;
    let partial = Partial { trace_lens_partial: VERSION, summary: &summary };
    let mut text = serde_json::to_vec(&partial).map_err(Failure::unusable)?;
    text.push(b'\n');
    match &args.output {
        Some(file) => fs::write(file, text)
            .map_err(|error| Failure::unusable(format!("{}: {error}", file.display())))?,
        None => std::io::stdout().write_all(&text).map_err(Failure::unusable)?,
    }
    Ok(0)
}

pub(crate) fn merge(shared: &Shared) -> Result<Answer, Failure> {
    let mut files = shared.files.iter();
    let first = files.next().ok_or_else(|| Failure::unusable("no partial given"))?;
    let mut all = read_partial(first)?;
    for file in files {
        all.merge_from(read_partial(file)?);
    }
    summary::answer(&all, "")
}

pub(crate) fn read_partial(file: &str) -> Result<Summary, Failure> {
    let error = |error: &dyn std::fmt::Display| Failure::unusable(format!("{file}: {error}"));
    let text = fs::read(file).map_err(|it| error(&it))?;
    let partial: Partial<Summary> =
        serde_json::from_slice(&text).map_err(|it| error(&format!("not a partial: {it}")))?;
    if partial.trace_lens_partial != VERSION {
        return Err(error(&format!(
            "the partial has version {}, but this program reads version {VERSION}",
            partial.trace_lens_partial
        )));
    }
    Ok(partial.summary)
}
