//! Headers of `ottrace` that are read and sent on.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzz::read_and_send_on("ottrace", data));
