//! OTLP-JSON that is read, written and read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tracing_core_lite::exporters::otlp_json::{Reader, from_json, to_json};

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(spans) = from_json(text)
    {
        let written = to_json(&spans);
        assert!(!written.contains('\n'));
        let again = from_json(&written).expect("what is written can be read");
        assert_eq!(to_json(&again), written);
    }
    let lines = data.split(|byte| *byte == b'\n').count();
    assert!(Reader::new(data).with_max_line(64).count() <= lines);
});
