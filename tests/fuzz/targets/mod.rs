//! What the fuzzer runs and `cargo test` repeats: each takes any bytes and panics when something
//! that must always hold does not. `fuzz/fuzz_targets` and `tests/fuzz/main.rs` both use this file.

pub mod answer;
mod draw;
mod driver;
pub mod machine;
pub mod message;
