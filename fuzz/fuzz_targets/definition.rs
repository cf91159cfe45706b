#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sendoff_fuzz::definition(input));
