//! Jaeger's JSON.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| trace_lens_fuzz::read_after(b"{\"data\":", data));
