//! The store on Redis or Valkey, each test on a server of its own: one file per behaviour.

// Clippy takes only functions marked #[test] for tests; the rig's helpers are tests as well.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod clock;
mod conflicts;
mod cut_off;
mod due;
mod journal;
mod news;
mod nodes;
mod open;
mod proxy;
mod records;
mod restart;
mod rig;
mod server;
