//! Whose tokens are that were issued elsewhere: one file per behaviour. The issuer is a real
//! OpenID provider where it behaves, and a fake where it does not.

// Clippy takes only functions marked #[test] for tests; the helpers are tests as well.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod active_tokens;
mod admission;
mod fake;
mod floods_of_questions;
mod forgeries;
mod jwt_accepted;
mod jwt_refused;
mod keys_unreachable;
mod provider;
mod questions_unanswered;
#[path = "../authority/rig.rs"]
#[expect(dead_code, reason = "these tests need a part of it")]
mod rig;
mod rotation;
mod signer;
mod unknown_keys;
