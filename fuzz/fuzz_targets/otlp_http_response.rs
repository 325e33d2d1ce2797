//! Responses of an OTLP receiver over HTTP: status, `Retry-After`, partial success, messages.

#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use fuzz::Input;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use libfuzzer_sys::fuzz_target;
use tracing_core_lite::exporters::otlp::{OtlpConfig, OtlpHttp, Protocol};
use tracing_core_lite::pipeline::{Backoff, ExportError};

static EXPORTER: LazyLock<OtlpHttp> =
    LazyLock::new(|| OtlpHttp::new(&OtlpConfig::new().with_protocol(Protocol::HttpProtobuf)).expect("an exporter"));

const STATUSES: [u16; 12] = [200, 204, 301, 400, 401, 404, 413, 429, 500, 502, 503, 504];
const TYPES: [&str; 5] = ["application/x-protobuf", "application/json", "text/plain", "", "APPLICATION/JSON ; a=b"];

fuzz_target!(|data: &[u8]| {
    let mut input = Input::new(data);
    let status = match input.byte() {
        index if usize::from(index) < STATUSES.len() => STATUSES[usize::from(index)],
        other => 100 + u16::from(other) * 3,
    };
    let status = StatusCode::from_u16(status).expect("between 100 and 999");
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(TYPES[input.below(TYPES.len())]));
    for _ in 0..input.below(3) {
        if let Ok(value) = HeaderValue::from_bytes(input.bytes()) {
            headers.append(header::RETRY_AFTER, value);
        }
    }
    match EXPORTER.read_response(status, &headers, Some(input.rest().to_vec().into())) {
        Ok(exported) => {
            assert!(status.is_success());
            assert!(exported.message.len() <= 3 * data.len());
        }
        Err(ExportError::Retryable { after, .. }) => {
            assert!(matches!(status.as_u16(), 429 | 502..=504));
            assert!(Backoff::new().next(after) <= Duration::from_secs(600));
        }
        Err(error) => assert!(!status.is_success() && error.to_string().len() <= 200 + 3 * data.len()),
    }
});
