//! Authorities, or the server that they keep everything on, are killed (SIGKILL) or cut off at random
//! moments under load.
//!
//! A checker knows what was acknowledged: no token that was revoked or had run out lives again, no
//! token and no policy is lost, and no session ends earlier than what was acknowledged says, by more
//! than the window in which activity is written. Each answer under load is held against it as well.
//!
//! `STILLHERE_ROUNDS` says how often (a few times without it), `STILLHERE_SEED` how the load is drawn.

// Clippy takes only functions marked #[test] for tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
// A process that is killed lives by the real clock.
#![allow(clippy::disallowed_methods)]

mod authority;
mod client;
mod file;
mod ledger;
mod load;
#[path = "../redis/proxy.rs"]
#[expect(dead_code, reason = "other tests hold back one direction only")]
mod proxy;
mod redis;
#[path = "../redis/server.rs"]
#[expect(dead_code, reason = "these tests choose themselves what the server keeps")]
mod server;

/// A number from the environment.
fn number(name: &str, otherwise: u64) -> u64 {
    let Ok(text) = std::env::var(name) else { return otherwise };
    text.parse().unwrap_or_else(|_| panic!("{name} must be a whole number, not {text}"))
}
