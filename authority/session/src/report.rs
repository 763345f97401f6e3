//! What a context tells about its user: the body of a keep-alive.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::holds::MAX_HOLDS;

/// Largest integer that JavaScript writes exactly; no duration or count is larger.
pub const MAX_INTEGER: u64 = 1 << 53;
/// Characters in a hold's name, a hold's reason or the agent's name.
pub const MAX_TEXT: usize = 64;
/// Contexts that one token can plausibly have.
pub const MAX_CONTEXTS: u32 = 10_000;

/// How often each kind of activity was seen, by all contexts of the token since it was issued.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Counts {
    /// Trusted key presses, repeats left out.
    pub keystrokes: u64,
    /// Trusted pointer presses.
    pub clicks: u64,
    /// Accepted heartbeats of an embedding host.
    pub heartbeats: u64,
    /// Activity that the app itself vouched for.
    pub notes: u64,
    /// Input in other programs, as a desktop app is told by the operating system. 0 if it is left out.
    #[serde(default)]
    pub system: u64,
}

impl Counts {
    /// Keeps the larger of each, so that late and repeated reports change nothing.
    pub fn merge(&mut self, other: Self) {
        self.keystrokes = self.keystrokes.max(other.keystrokes);
        self.clicks = self.clicks.max(other.clicks);
        self.heartbeats = self.heartbeats.max(other.heartbeats);
        self.notes = self.notes.max(other.notes);
        self.system = self.system.max(other.system);
    }
}

/// A hold as a context names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HoldReport {
    /// Name of the hold, 1 to 64 characters. A released name is never taken up again.
    pub id: String,
    /// What the person is busy with, at most 64 characters.
    pub reason: String,
    /// Milliseconds for which it holds from now on, cut to the policy's `max_hold_ms`; 0 releases.
    pub ttl_ms: u64,
}

/// A keep-alive: when the user was last active, and what the contexts counted and hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// Milliseconds since the user's newest activity, at most 2^53.
    pub age_ms: u64,
    /// Totals of all contexts.
    pub counts: Counts,
    /// Contexts that share the token.
    pub contexts: u32,
    /// Holds that live or were released. One that is left out goes on.
    pub holds: Vec<HoldReport>,
    /// Name and version of the sender, at most 64 characters.
    pub agent: String,
}

impl Report {
    /// Checks every bound.
    ///
    /// # Errors
    /// One sentence that names the field and its range.
    pub fn check(&self) -> Result<(), String> {
        let Counts { keystrokes, clicks, heartbeats, notes, system } = self.counts;
        within("age_ms", self.age_ms, MAX_INTEGER)?;
        within("counts.keystrokes", keystrokes, MAX_INTEGER)?;
        within("counts.clicks", clicks, MAX_INTEGER)?;
        within("counts.heartbeats", heartbeats, MAX_INTEGER)?;
        within("counts.notes", notes, MAX_INTEGER)?;
        within("counts.system", system, MAX_INTEGER)?;
        within("contexts", self.contexts.into(), MAX_CONTEXTS.into())?;
        text("agent", &self.agent, 0)?;
        if self.holds.len() > MAX_HOLDS {
            return Err(format!("holds must name at most {MAX_HOLDS} holds."));
        }
        self.holds.iter().try_for_each(|hold| {
            text("holds[].id", &hold.id, 1)?;
            text("holds[].reason", &hold.reason, 0)?;
            within("holds[].ttl_ms", hold.ttl_ms, MAX_INTEGER)
        })
    }
}

fn within(field: &str, value: u64, max: u64) -> Result<(), String> {
    if value <= max { Ok(()) } else { Err(format!("{field} must be between 0 and {max}.")) }
}

fn text(field: &str, value: &str, min: usize) -> Result<(), String> {
    if (min..=MAX_TEXT).contains(&value.chars().count()) {
        Ok(())
    } else {
        Err(format!("{field} must have {min} to {MAX_TEXT} characters."))
    }
}
