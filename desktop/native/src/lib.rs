//! The machine without a page: one more context of a group, in a desktop program.
//!
//! It decides nothing of its own. The machine is [`stillhere::core`], the very one that runs in pages;
//! here are its clocks, its way to the authority and its randomness. What it tells other contexts are the
//! bytes that pages tell each other, so whoever relays them to a page's `BroadcastChannel` makes one
//! group of both (docs/desktop.md).
//!
//! | file | answers |
//! | --- | --- |
//! | [`context`] | START HERE: the machine, told what happens and asked what it wants done |
//! | [`carry`] | carries its effects out |
//! | [`snapshot`] | where the session stands, for whoever shows it |
//! | [`system`] | when the operating system's idle time is looked at |
//! | [`clock`] | both clocks, and a timer that a sleeping machine does not put off |
//! | [`keepalive`], [`authority`], [`answer`] | what is asked of the authority, how, and what it says |
//! | [`name`] | what a token's channel is called |

pub mod answer;
pub mod authority;
mod carry;
pub mod clock;
pub mod context;
pub mod keepalive;
pub mod name;
pub mod snapshot;
pub mod system;
