//! `convert`: writes traces in another format.

use std::fs::File;
use std::io::{BufWriter, Write, stdout};

use trace_lens::analysis::Times;
use trace_lens::write::{Format, TraceWriter};

use super::answer::Failure;
use super::args::{ConvertArgs, Target};
use super::input::{Traces, load};

pub(crate) fn run(args: &ConvertArgs) -> Result<u8, Failure> {
    let traces = load(&args.shared)?;
    let times = if args.shared.options.raw_times { Times::Raw } else { Times::Corrected };
    let error = |error| match &args.output {
        Some(file) => Failure::unusable(format!("{}: {error}", file.display())),
        None => Failure::unusable(error),
    };
    let Some(format) = format(args.to) else { return dataset(args, &traces) };
    let mut out: Box<dyn Write> = match &args.output {
        Some(file) => Box::new(BufWriter::new(File::create(file).map_err(error)?)),
        None => Box::new(BufWriter::new(stdout().lock())),
    };
    let mut writer = TraceWriter::new(format, times, &mut out).map_err(error)?;
    traces.for_each_part(|lens| writer.add(lens.spans()).map_err(error))?;
    writer.finish().map_err(error)?;
    Ok(0)
}

/// `None` for Parquet, which is a folder.
fn format(target: Target) -> Option<Format> {
    Some(match target {
        Target::OtlpJson => Format::OtlpJson,
        Target::OtlpProto => Format::OtlpProto,
        Target::Jaeger => Format::Jaeger,
        Target::Zipkin => Format::Zipkin,
        Target::Folded => Format::Folded,
        Target::Chrome => Format::Chrome,
        #[cfg(feature = "parquet")]
        Target::Parquet => return None,
    })
}

#[cfg(feature = "parquet")]
fn dataset(args: &ConvertArgs, traces: &Traces) -> Result<u8, Failure> {
    let folder = args.output.as_ref().ok_or_else(|| {
        Failure::unusable("Parquet is written to a folder; name a new one with --output FOLDER")
    })?;
    let error = |error| Failure::unusable(format!("{}: {error}", folder.display()));
    let mut dataset = trace_lens::write::ParquetDataset::new(folder).map_err(error)?;
    traces.for_each_part(|lens| dataset.add(lens.spans()).map_err(error))?;
    Ok(0)
}

#[cfg(not(feature = "parquet"))]
fn dataset(_: &ConvertArgs, _: &Traces) -> Result<u8, Failure> {
    Err(Failure::unusable("this program was built without the feature `parquet`"))
}
