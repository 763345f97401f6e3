//! Where the session stands, for whoever shows it.

use stillhere::core::{
    agent::Agent, ended::EndedBecause, policy::OnLock, rules::Phase, time::Reading,
};

/// Moments that differ by less are one: they come of rounding.
const ROUNDING_MS: u64 = 1_000;

/// What a tray icon or a log shows. It changes only when what is known does, never by the passing of
/// time alone: who shows it need not be woken for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The phase.
    pub phase: Phase,
    /// Why it is over.
    pub because: Option<EndedBecause>,
    /// When it ends unless somebody is active, by the wall clock in Unix milliseconds. None while held,
    /// and while nothing is known.
    pub ends_at: Option<u64>,
    /// What the open interactions are called.
    pub holds: Vec<String>,
    /// Contexts of the group, this one included.
    pub contexts: usize,
    /// Whether the policy counts input in other programs.
    pub counts_system: bool,
    /// What the policy wants when the screen is locked.
    pub on_lock: OnLock,
}

impl Snapshot {
    /// What `agent` knows at `reading`.
    #[must_use]
    pub fn of(agent: &Agent, reading: Reading) -> Self {
        let facts = agent.facts();
        let policy = agent.policy();
        let now = agent.now();
        let left = agent.due().map(|due| due.end_at.saturating_sub(now));
        let mut holds: Vec<_> = facts
            .times
            .holds
            .values()
            .filter(|hold| hold.lives(now))
            .map(|hold| String::from_utf8_lossy(&hold.reason).into_owned())
            .collect();
        holds.sort();
        Self {
            phase: agent.phase(),
            because: facts.ended,
            ends_at: left.map(|left| reading.wall.saturating_add(left)),
            holds,
            contexts: facts.live().count(),
            counts_system: policy.counts.system,
            on_lock: policy.on_lock,
        }
    }

    /// Whether `other` says something else than this.
    #[must_use]
    pub fn differs(&self, other: &Self) -> bool {
        let same_end = match (self.ends_at, other.ends_at) {
            (Some(one), Some(two)) => one.abs_diff(two) < ROUNDING_MS,
            (one, two) => one == two,
        };
        !same_end
            || Self { ends_at: None, ..self.clone() } != Self { ends_at: None, ..other.clone() }
    }
}
