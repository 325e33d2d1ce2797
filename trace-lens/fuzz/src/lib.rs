//! What all targets share: content is read, every analysis is run on its spans, and what is written is read again.

use trace_lens::Lens;
use trace_lens::analysis::{Times, causes, diff_traces};
use trace_lens::read::{ReadOptions, read_bytes};
use trace_lens::write::{Format, TraceWriter};

/// Reads a file of any format. Nothing may panic, and spans that are written must be read again.
pub fn read_and_analyse(content: &[u8]) {
    let Ok(input) = read_bytes("fuzz", content, &ReadOptions::new().with_threads(1)) else { return };
    let _ = input.reports[0].to_string();
    let lens = Lens::from(input);
    analyse(&lens);
    for format in [Format::OtlpJson, Format::OtlpProto] {
        let written = write(&lens, format);
        let again = Lens::from_bytes(&written).expect("what was written is read");
        assert_eq!(again.spans().len(), lens.spans().len(), "{format:?}");
    }
    for format in [Format::Jaeger, Format::Zipkin, Format::Folded, Format::Chrome] {
        write(&lens, format);
    }
}

/// Reads a file whose first bytes are given, so that mutations do not lose the format.
pub fn read_after(head: &[u8], content: &[u8]) {
    read_and_analyse(&[head, content].concat());
}

fn analyse(lens: &Lens) {
    let summary = lens.summary();
    assert!(serde_json::to_string(&summary).is_ok());
    let _ = (summary.map.with_messages(), summary.quality.all(), lens.durations());
    let _ = lens.why(|trace| trace.duration() > 1).why();
    let lens = lens.clone().with_corrected_times();
    for trace in lens.traces().take(4) {
        let path = lens.critical_path(trace);
        assert!(path.services.iter().all(|it| (0.0..=1.0).contains(&it.share)));
        let sections: u64 = path.sections.iter().map(|it| it.end - it.start).sum();
        assert_eq!(sections, path.duration, "sections cover the path");
        let _ = (causes(trace), diff_traces(trace, trace));
    }
}

fn write(lens: &Lens, format: Format) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = TraceWriter::new(format, Times::Raw, &mut out).expect("a Vec takes all");
    writer.add(lens.spans()).expect("a Vec takes all");
    writer.finish().expect("a Vec takes all");
    out
}
