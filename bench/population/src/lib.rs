//! What many users cost an authority: a formula, and a simulation of every single user that checks it.
//!
//! - [`assumptions`] is what is assumed of people and browsers, each said once.
//! - [`model`] is the formula: requests a second that follow from them and from the agent's rules.
//! - [`habits`] draws what one user does; [`user`] lets the real machines of that user live through it.
//! - [`run`] brings many users to a steady state and then counts, at any speed.
//! - [`line`] carries their requests to a real authority, as a browser would ([`heads`]).
//!
//! `npm run bench -- scale` runs it (docs/scale.md). The formula never sees the simulation, and the
//! simulation takes one thing from the formula: how often a browser's preflights are cached when it
//! begins, since two hours of them are longer than it runs.

pub mod assumptions;
pub mod habits;
pub mod heads;
pub mod kind;
pub mod line;
pub mod model;
pub mod run;
pub mod user;
