//! Where a session stands, and how it can end.

use serde::{Deserialize, Serialize};
use stillhere::core::ended::EndedBecause;

/// The reasons for which an authority ends a session. The others say that it was not asked.
pub const ENDS: [EndedBecause; 4] =
    [EndedBecause::Revoked, EndedBecause::SignedOut, EndedBecause::Schedule, EndedBecause::Idle];

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// The reason that every later caller is told.
    pub because: EndedBecause,
    /// When, in Unix milliseconds. An idle end carries the deadline, however late it was noticed.
    pub at: u64,
}

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing holds it and the deadline lies ahead.
    Alive,
    /// A hold lives.
    Held,
    /// It is over, for good.
    Ended(EndedBecause),
}

/// A session as it looks at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// Alive, held or ended.
    pub standing: Standing,
    /// Milliseconds since the newest activity, or since the newest hold ended.
    pub idle_ms: u64,
    /// Milliseconds until the deadline: none while held, 0 once ended.
    pub remaining_ms: Option<u64>,
}
