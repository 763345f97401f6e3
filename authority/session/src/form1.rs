//! A session as it was written before input in other programs was told: stores that hold such records go on
//! with them.

use serde::Deserialize;

use crate::{
    activity::Newest,
    holds::Holds,
    report::Counts,
    session::{Ended, Session},
};

/// [`Counts`] of then.
#[derive(Deserialize)]
struct Counts1 {
    keystrokes: u64,
    clicks: u64,
    heartbeats: u64,
    notes: u64,
}

/// [`Newest`] of then.
#[derive(Deserialize)]
struct Newest1 {
    keystrokes: Option<u64>,
    clicks: Option<u64>,
    heartbeats: Option<u64>,
    notes: Option<u64>,
    api_calls: Option<u64>,
}

/// [`Session`] of then, field by field in the order in which they lie.
#[derive(Deserialize)]
pub struct Session1 {
    began_at: u64,
    active_at: u64,
    counts: Counts1,
    newest: Newest1,
    contexts: u32,
    holds: Holds,
    hold_changes: u32,
    observed: Option<Ended>,
    ended: Option<Ended>,
}

impl From<Session1> for Session {
    fn from(then: Session1) -> Self {
        let Counts1 { keystrokes, clicks, heartbeats, notes } = then.counts;
        let counts = Counts { keystrokes, clicks, heartbeats, notes, system: 0 };
        let Newest1 { keystrokes, clicks, heartbeats, notes, api_calls } = then.newest;
        let newest = Newest { keystrokes, clicks, heartbeats, notes, system: None, api_calls };
        let Session1 {
            began_at, active_at, contexts, holds, hold_changes, observed, ended, ..
        } = then;
        Self { began_at, active_at, counts, newest, contexts, holds, hold_changes, observed, ended }
    }
}
