#![no_main]

#[path = "../log.rs"]
mod log;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| log::json_diff(bytes));
