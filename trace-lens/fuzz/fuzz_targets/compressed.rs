//! Files in gzip and zstd, and the Collector's framing of compressed messages.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| trace_lens_fuzz::read_and_analyse(data));
