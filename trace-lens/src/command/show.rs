//! `show`: draws one trace.

use serde_json::json;
use trace_lens::analysis::causes;
use trace_lens::model::Trace;
use trace_lens::show::units::duration;
use trace_lens::show::{Document, svg, waterfall};
use trace_view::WaterfallOptions;

use super::answer::{Answer, Failure, html, text_options};
use super::args::{Format, OneTrace};
use super::input::load;

pub(crate) fn run(args: &OneTrace) -> Result<Answer, Failure> {
    let traces = load(&args.shared)?;
    let found = traces.find(&args.trace)?;
    let (lens, trace) = (found.lens(), found.trace()?);
    let tree = lens.tree(trace);
    let times: Vec<(u64, u64)> = (0..tree.len()).map(|it| tree.times(it)).collect();
    let options = text_options();
    let drawing = WaterfallOptions::new().with_width(options.width).with_color(options.color);
    let is_text = args.shared.options.format == Format::Text;
    let drawing = if is_text { drawing } else { WaterfallOptions::new() };
    let mut out = Document::new();
    out.verbatim(waterfall(&tree, &drawing));
    let main = tree.main().map_or(0, |main| tree.duration(main));
    if main != trace.duration() {
        out.text(format!("the root takes {}, the trace {}", duration(main), duration(trace.duration())));
    }
    for cause in causes(trace) {
        out.bad(format!("{} {} {}", cause.chain.join(" → "), cause.error_type, cause.message));
    }
    let id = format!("{:032x}", trace.id());
    out.more(format!("trace-lens path --trace {id} {}", args.shared.files.join(" ")));
    let picture = match args.shared.options.format {
        Format::Html => Some((Format::Html, html(&svg(&tree)))),
        Format::Svg => Some((Format::Svg, svg(&tree))),
        _ => None,
    };
    let result = json!({ "trace_id": id, "duration": main, "trace_duration": trace.duration(), "spans": spans(trace, &times) });
    let answer = Answer::new("show", out, &result)?;
    Ok(match picture {
        Some((format, text)) => answer.with_picture(format, text),
        None => answer,
    })
}

fn spans(trace: Trace<'_>, times: &[(u64, u64)]) -> Vec<serde_json::Value> {
    let texts = trace.set().texts();
    let span = |(span, &(start, end)): (trace_lens::model::SpanRef<'_>, &(u64, u64))| {
        let attributes: serde_json::Map<_, _> = span
            .attributes()
            .map(|it| (texts.get(it.key).to_owned(), it.value.display(texts).into_owned().into()))
            .collect();
        json!({
            "span_id": format!("{:016x}", span.id()),
            "parent_span_id": span.parent_id().map(|it| format!("{it:016x}")),
            "service": span.service(),
            "name": span.name(),
            "kind": span.kind().name(),
            "status": span.status().name(),
            "message": span.message(),
            "start": start,
            "end": end,
            "raw_start": span.start(),
            "raw_end": span.raw_end(),
            "attributes": attributes,
        })
    };
    trace.spans().zip(times).map(span).collect()
}
