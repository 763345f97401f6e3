//! The machine, driven by the rig: one file per behaviour.
#![allow(missing_docs, reason = "tests")]

mod alone;
mod answers;
mod bad_input;
mod clock_set;
mod clocks;
mod coming_back;
mod docs;
mod end_together;
mod every_key;
mod facts_merge;
mod greetings;
mod groups;
mod hold_edges;
mod holds;
mod idle_is_silent;
mod lock_taken_back;
mod locked;
mod newcomers;
mod observe;
mod one_keepalive;
mod outages;
mod partitions;
mod pushed;
mod rough_network;
mod rules_change;
mod schedule;
mod sender_dies;
mod stalls;
mod stream;
mod system;
mod told_again;
mod who_asks;

use stillhere::core::policy::Policy;
use stillhere_simulator::world as rig;

/// Times of the demo: 10 s idle, warning 4 s before, a keep-alive each 2 s.
pub fn short() -> Policy {
    Policy {
        version: 1,
        idle_timeout_ms: 10_000,
        warn_before_ms: 4_000,
        keepalive_ms: 2_000,
        ..Policy::DEFAULT
    }
}
