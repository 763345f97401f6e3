//! The machine: no clock, no randomness of its own, no browser.
//!
//! Time is an argument and randomness a seed. A clock call in here fails clippy, a browser
//! call fails the native build (`tests/core_is_pure.rs` shows both).

pub mod ended;
pub mod policy;
