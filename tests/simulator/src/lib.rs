//! The machine without a browser: many contexts, a network, an authority, and everything that goes
//! wrong, on one virtual time.
//!
//! - [`world`] is where contexts live. Tests write their stories with it (`tests/machine`).
//! - [`scenario`] draws a story from a seed and lets it happen.
//! - [`checks`] looks on and knows the rules (docs/architecture.md); each rule is one of
//!   [`checks::Rule`].
//!
//! `npm run soak -- --seeds N [--from S]` runs it (docs/testing.md).

pub mod checks;
pub mod scenario;
pub mod world;
