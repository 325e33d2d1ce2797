//! `convert`: writes traces in another format.

use std::fs::File;
use std::io::{BufWriter, Write, stdout};

use trace_lens::analysis::Times;
use trace_lens::write::{chrome, folded, jaeger, otlp_json, otlp_proto, zipkin};

use super::answer::Failure;
use super::args::{ConvertArgs, Target};
use super::input::load;

pub(crate) fn run(args: &ConvertArgs) -> Result<u8, Failure> {
    let lens = load(&args.shared)?;
    let set = lens.spans();
    let times = if args.shared.options.raw_times { Times::Raw } else { Times::Corrected };
    let error = |error| match &args.output {
        Some(file) => Failure::unusable(format!("{}: {error}", file.display())),
        None => Failure::unusable(error),
    };
    let mut out: Box<dyn Write> = match &args.output {
        Some(file) => Box::new(BufWriter::new(File::create(file).map_err(error)?)),
        None => Box::new(BufWriter::new(stdout().lock())),
    };
    let written = match args.to {
        Target::OtlpJson => otlp_json(set, &mut out),
        Target::OtlpProto => otlp_proto(set, &mut out),
        Target::Jaeger => jaeger(set, &mut out),
        Target::Zipkin => zipkin(set, &mut out),
        Target::Folded => folded(set, times, &mut out),
        Target::Chrome => chrome(set, times, &mut out),
    };
    written.and_then(|()| out.flush()).map_err(error)?;
    Ok(0)
}
