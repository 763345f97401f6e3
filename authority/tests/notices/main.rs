//! Telling the outside when a session ended: one file per behaviour. Receivers are servers of the
//! test, time is a clock that the test moves.

// Clippy takes only functions marked #[test] for tests; the helpers are tests as well.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod backchannel;
mod caep;
mod dead_letters;
mod fake;
mod gone;
mod killed;
mod nodes;
mod order;
mod restart;
mod retries;
mod rig;
mod settings;
mod tokens;
mod webhook;
