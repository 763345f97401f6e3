//! The machine: no clock, no randomness of its own, no browser.
//!
//! Time is an argument and randomness a seed. A clock call in here fails clippy, a browser
//! call fails the native build.
//!
//! | file | answers |
//! | --- | --- |
//! | [`agent`] | START HERE: inputs in, outputs out, the one dispatcher |
//! | [`input`], [`output`] | what the machine is told, what it wants done |
//! | [`time`], `jump`, `timer` | two clocks, one timeline, what it means when they disagree, one moment to look at it again |
//! | [`facts`], [`moments`] | what is known, and how it merges; the part of it that is a time |
//! | [`policy`], [`rules`] | what the administrator decided; deadline and phase that follow |
//! | `activity`, [`hold`], `life` | what counts, what keeps a session, how a page comes and goes |
//! | [`observed`] | ends that are not carried out |
//! | [`errand`] | what to tell or ask the authority, and when |
//! | [`sender`] | the lock's bound, and taking it by force |
//! | [`answer`] | what an answer of the authority changes |
//! | [`share`] | when to broadcast, who greets a newcomer |
//! | [`stream`] | which context reads the event stream |
//! | [`wire`] | messages between contexts |
//! | [`flat`] | answers as they cross from JavaScript |
//! | [`map`], `codec` | the small change |

#![deny(clippy::disallowed_methods)]

mod activity;
pub mod agent;
pub mod answer;
mod codec;
mod conclude;
pub mod ended;
pub mod errand;
pub mod facts;
pub mod flat;
pub mod hold;
pub mod input;
mod jump;
mod life;
pub mod map;
pub mod moments;
pub mod observed;
pub mod output;
pub mod policy;
pub mod rules;
pub mod sender;
pub mod share;
pub mod stream;
pub mod time;
mod timer;
pub mod wire;
