//! What all targets share: headers from the fuzzer's bytes, and what must hold for them.

use tracing_core_lite::propagation::{Extract, Inject, Propagator};

/// Names that some format reads.
const NAMES: [&str; 24] = [
    "traceparent", "tracestate", "baggage", "b3", "x-b3-traceid", "x-b3-spanid", "x-b3-parentspanid", "x-b3-sampled",
    "x-b3-flags", "uber-trace-id", "jaeger-baggage", "uberctx-key", "UberCtx-Other", "x-amzn-trace-id",
    "x-datadog-trace-id", "x-datadog-parent-id", "x-datadog-sampling-priority", "x-datadog-origin", "x-datadog-tags",
    "ot-tracer-traceid", "ot-tracer-spanid", "ot-tracer-sampled", "ot-baggage-key", "uberctx-",
];

type Carrier = Vec<(String, Vec<u8>)>;

/// Reads headers from lines: the first byte of a line selects one of the names that `propagator` reads, or any name.
fn headers(propagator: &Propagator, data: &[u8]) -> Carrier {
    let fields: Vec<_> = propagator.fields().collect();
    let header = |line: &[u8]| {
        let (first, value) = line.split_first()?;
        let first = usize::from(*first);
        let name = match first.checked_sub(128) {
            Some(index) => NAMES[index % NAMES.len()],
            None => fields[first % fields.len()],
        };
        Some((name.to_owned(), value.to_vec()))
    };
    data.split(|&byte| byte == b'\n').take(32).filter_map(header).collect()
}

fn send_on(propagator: &Propagator, carrier: &dyn Extract) -> Carrier {
    let mut sent = Carrier::new();
    propagator.inject(&propagator.extract(carrier).into_context(), &mut sent);
    sent
}

/// Reads the headers in `data` with these formats and sends them on. Nothing may panic, what is sent must be valid and
/// bounded, and what was sent once must be sent on unchanged.
pub fn read_and_send_on(names: &str, data: &[u8]) {
    let propagator = Propagator::from_names(names).expect("known names");
    let received = headers(&propagator, data);
    let extracted = propagator.extract(&received);
    assert!(extracted.span_context.as_ref().is_none_or(|it| it.is_valid() && it.is_remote()));
    let sent = send_on(&propagator, &received);
    for (index, (name, value)) in sent.iter().enumerate() {
        assert!(value.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\t')), "{name}: {value:?}");
        assert!(value.len() <= 8192, "{name}");
        assert!(sent[..index].iter().all(|(other, _)| other != name), "{name} is sent twice");
    }
    let again = send_on(&propagator, &sent);
    assert_eq!(send_on(&propagator, &again), again);
    let mut swept = received;
    propagator.remove_context(&mut swept);
    assert!(swept.is_empty());
    Inject::remove(&mut swept, "traceparent");
}
