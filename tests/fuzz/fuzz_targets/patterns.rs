#![no_main]

#[path = "../properties.rs"]
#[expect(dead_code, reason = "each target looks at one of the properties")]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::patterns(&String::from_utf8_lossy(bytes)));
