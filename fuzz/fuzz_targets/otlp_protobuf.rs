//! An `ExportTraceServiceRequest` from a stranger: views of its parts, and the decoder, which agree.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tracing_core_lite::pipeline::Batch;
use tracing_core_lite::pipeline::view::RequestView;

fuzz_target!(|data: &[u8]| {
    let view = RequestView::new(data);
    let mut seen = 0;
    let walked = view.each_span(|resource, scope, span| {
        seen += 1;
        let text = format!("{resource:?} {scope:?} {span:?}");
        assert!(!text.is_empty());
    });
    let counted = view.count_spans();
    assert_eq!(walked.is_ok(), counted.is_ok());
    if let Ok(counted) = counted {
        assert_eq!(counted, seen);
    }
    let batch = Batch::new(data.to_vec().into(), seen);
    if let Ok(decoded) = batch.decode() {
        let spans = decoded.iter().flat_map(|it| &it.scope_spans).map(|it| it.spans.len()).sum::<usize>();
        assert_eq!(counted.ok(), Some(spans), "the decoder and the view agree");
    }
});
