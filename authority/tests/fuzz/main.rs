//! The target `authority` of `npm run fuzz` without the fuzzer, as in tests/fuzz/main.rs.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod bodies;
#[path = "../../../tests/fuzz/replay.rs"]
mod replay;

#[test]
fn any_body_is_taken_or_changes_nothing() {
    replay::seeds("authority", bodies::run);
    replay::repeat(300, 600, bodies::run);
}
