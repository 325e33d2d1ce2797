//! Headers of `datadog` that are read and sent on.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzz::read_and_send_on("datadog", data));
