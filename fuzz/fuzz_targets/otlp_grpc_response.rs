//! Responses of an OTLP receiver over gRPC: messages, and trailers with status, details and `retry-after`.

#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use fuzz::Input;
use http::{HeaderMap, HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;
use tracing_core_lite::exporters::otlp::{OtlpConfig, OtlpGrpc, Protocol};
use tracing_core_lite::pipeline::{Backoff, ExportError};

static EXPORTER: LazyLock<OtlpGrpc> =
    LazyLock::new(|| OtlpGrpc::new(&OtlpConfig::new().with_protocol(Protocol::Grpc)).expect("an exporter"));

fuzz_target!(|data: &[u8]| {
    let mut input = Input::new(data);
    let selector = input.byte();
    if selector == 0 {
        let exported = EXPORTER.read_message(input.rest());
        assert!(exported.message.len() <= 3 * data.len());
        return;
    }
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from(u16::from(selector % 18)));
    for name in ["grpc-message", "retry-after"] {
        if let Ok(value) = HeaderValue::from_bytes(input.bytes()) {
            trailers.insert(HeaderName::from_static(name), value);
        }
    }
    // Half of the details are given in Base64, so that the fuzzer need not find it.
    match selector % 2 {
        0 => {
            if let Some(after) = EXPORTER.read_details(input.rest()) {
                assert!(Backoff::new().next(after) <= Duration::from_secs(600));
            }
        }
        _ => {
            if let Ok(value) = HeaderValue::from_bytes(input.rest()) {
                trailers.insert("grpc-status-details-bin", value);
            }
        }
    }
    if let Some(ExportError::Retryable { after, .. }) = EXPORTER.read_trailers(&trailers) {
        assert!(Backoff::new().next(after) <= Duration::from_secs(600));
    }
});
