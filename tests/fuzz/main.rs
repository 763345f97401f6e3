//! The targets of `npm run fuzz` without the fuzzer: the committed inputs, and some thousands that
//! are drawn from a fixed seed. `FUZZ_ROUNDS=100000` draws more.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

mod replay;
mod targets;

use replay::{repeat, seeds};

/// Inputs in fuzz/seeds for each of these, and a target of that name in fuzz/fuzz_targets.
#[test]
fn any_message_in_any_state() {
    seeds("message", targets::message::run);
    repeat(5_000, 600, targets::message::run);
}

#[test]
fn any_inputs_by_any_clocks() {
    seeds("machine", targets::machine::run);
    repeat(5_000, 600, targets::machine::run);
}

#[test]
fn any_numbers_for_an_answer() {
    seeds("answer", targets::answer::run);
    repeat(5_000, 300, targets::answer::run);
}
