//! `check`: checks traces against limits and a baseline, for CI.

use std::fs;

use trace_lens::Lens;
use trace_lens::analysis::Summary;
use trace_lens::check::{Limit, Verdict, check, figure, figures, github, junit, message};
use trace_lens::show::Document;

use super::answer::{Answer, Failure, write_out};
use super::args::CheckArgs;
use super::input::{load, load_files};
use super::partial::read_partial;

pub(crate) fn run(args: &CheckArgs) -> Result<u8, Failure> {
    let summary = load(&args.shared)?.merged(Lens::summary)?;
    if args.list {
        let lines =
            figures(&summary).into_iter().map(|(name, value)| format!("{name} = {}\n", figure(&name, value)));
        return write_out(&lines.collect::<String>()).map(|()| 0);
    }
    if args.limits.is_empty() {
        return Err(Failure::unusable(
            "nothing to check; write `--max path.p95=500ms` (`--list` prints the figures)",
        ));
    }
    let limits: Result<Vec<Limit>, Failure> =
        args.limits.iter().map(|text| text.parse().map_err(Failure::unusable)).collect();
    let baseline = args.baseline.as_ref().map(|file| read_baseline(file, args)).transpose()?;
    let results = check(&limits?, &summary, baseline.as_ref(), args.min_traces);
    let mut out = Document::new();
    for result in &results {
        match result.verdict {
            Verdict::Passed => out.text(format!("ok    {}", message(result))),
            Verdict::Failed => out.bad(format!("FAIL  {}", message(result))),
            _ => out.bad(format!("?     {}", message(result))),
        }
    }
    if let Some(file) = &args.junit {
        let error = |error| Failure::unusable(format!("{}: {error}", file.display()));
        fs::write(file, junit(&results)).map_err(error)?;
    }
    Answer::new("check", out, &results)?.print(&args.shared.options)?;
    if args.github {
        write_out(&github(&results))?;
    }
    let has = |verdict| results.iter().any(|it| it.verdict == verdict);
    Ok(if has(Verdict::Failed) {
        1
    } else if has(Verdict::TooLittleData) {
        3
    } else {
        0
    })
}

/// A baseline is a partial, or traces.
fn read_baseline(file: &str, args: &CheckArgs) -> Result<Summary, Failure> {
    match read_partial(file) {
        Ok(summary) => Ok(summary),
        Err(_) => Ok(load_files(&[file.to_owned()], &args.shared.options)?.merged(Lens::summary)?),
    }
}
