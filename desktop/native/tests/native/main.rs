//! A context without a page, against the authority's own rule, on clocks that the test moves.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod group;
mod http;
mod idle;
mod locked;
mod pushed;
mod rig;
mod sleep;
mod system;
