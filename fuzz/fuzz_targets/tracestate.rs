//! A `tracestate` that is read and sent on: its members keep their order and their bytes, or the list is dropped as a whole.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tracing_core_lite::propagation::{MAX_TRACESTATE_LEN, Propagator};

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fuzz_target!(|data: &[u8]| {
    let propagator = Propagator::from_names("tracecontext").expect("a known name");
    let mut carrier = vec![("traceparent", PARENT.as_bytes())];
    carrier.extend(data.split(|&byte| byte == b'\n').map(|header| ("tracestate", header)));
    let mut sent = Vec::<(String, String)>::new();
    propagator.inject(&propagator.extract(&carrier).into_context(), &mut sent);
    assert_eq!(sent[0], ("traceparent".to_owned(), PARENT.to_owned()));
    let Some((_, state)) = sent.get(1) else { return };
    assert!(state.len() <= MAX_TRACESTATE_LEN);
    let trimmed = |member: &[u8]| {
        let start = member.iter().position(|byte| !matches!(byte, b' ' | b'\t'))?;
        let end = member.iter().rposition(|byte| !matches!(byte, b' ' | b'\t'))?;
        Some(member[start..=end].to_vec())
    };
    let split = |byte: &u8| matches!(byte, b'\n' | b',');
    let mut received = data.split(split).filter_map(trimmed);
    for member in state.split(',') {
        assert!(received.any(|it| it == member.as_bytes()), "{member:?} was not received, or in another order");
    }
});
