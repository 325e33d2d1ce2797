//! `grpc-trace-bin` that is read and sent on.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tracing_core_lite::Context;
use tracing_core_lite::propagation::{Extracted, Format};
use tracing_grpc::GrpcTraceBin;

fuzz_target!(|data: &[u8]| {
    let extract = |value: &[u8]| {
        let mut extracted = Extracted::default();
        GrpcTraceBin.extract(&vec![("grpc-trace-bin", value)], &mut extracted);
        extracted.span_context
    };
    let Some(span_context) = extract(data) else { return };
    assert!(span_context.is_valid() && span_context.is_remote());
    let mut sent = Vec::<(String, Vec<u8>)>::new();
    GrpcTraceBin.inject(&span_context, &Context::new(), &mut sent);
    assert_eq!(extract(&sent[0].1), Some(span_context));
});
