//! The authority as its callers see it: one file per behaviour.

// Clippy takes only functions marked #[test] for tests; the rig's helpers are tests as well.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod admin;
mod bad_input;
mod check;
mod cors;
mod deadlines;
mod demo;
mod desktop_sign_in;
mod event_ping;
mod events;
mod flags;
mod genesys;
mod keepalive;
mod limits;
mod links;
mod logs;
mod many_due;
mod metrics;
mod observe;
mod openapi;
mod policy;
mod policy_bounds;
mod policy_order;
mod pushed;
mod question;
mod rig;
mod session_rule;
mod shared;
mod shutdown;
mod sign_in;
mod sign_out;
#[cfg(target_os = "linux")]
mod stream_memory;
mod traces;
