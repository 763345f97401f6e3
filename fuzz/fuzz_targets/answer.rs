#![no_main]

#[allow(dead_code, reason = "the other targets use the rest")]
#[path = "../../tests/fuzz/targets/mod.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::answer::run(data));
