//! Ends that are only observed: what would have been is a fact like any other, and the next one is an
//! idle timeout further (docs/decisions/dry-run.md).

use super::agent::Agent;
use super::ended::EndedBecause;
use super::facts::Merge;
use super::output::Event;
use super::time::JUMP_MS;

/// Two moments that are no further apart are one end, of which two contexts found out.
const ALIKE_MS: u64 = 500;

/// The newest end that was not carried out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Observed {
    /// When it would have come; 0 while none has.
    pub at: u64,
    /// How long nobody was active by then, in milliseconds.
    pub idle_ms: u32,
    /// Why.
    pub because: Option<EndedBecause>,
    /// How many there were so far.
    pub ends: u32,
}

impl Observed {
    fn rank(&self) -> [u64; 2] {
        let because = self.because.map_or(0, |because| because as u64 + 1);
        [self.at, u64::from(self.idle_ms) << 3 | because]
    }
}

impl Merge for Observed {
    fn merge(&mut self, other: &Self) {
        let ends = self.ends.max(other.ends);
        if other.rank() > self.rank() {
            *self = *other;
        }
        self.ends = ends;
    }
}

impl Agent {
    /// Writes down that the session would be over. What came while it was asked about counts now.
    pub(super) fn observe(&mut self, because: EndedBecause, end_at: u64) {
        let idle = self.policy().idle_timeout_ms;
        // Whoever slept through several reports the newest: in step with the authority's reckoning.
        let at = end_at + (self.now() - end_at) / idle * idle;
        let basis = super::rules::basis(&self.facts, self.now());
        let ends = self.facts.times.observed.ends.saturating_add(1);
        let idle_ms = u32::try_from(at.saturating_sub(basis)).unwrap_or(u32::MAX);
        self.facts.times.observed = Observed { at, idle_ms, because: Some(because), ends };
        self.tell_observed();
        self.count_pending();
    }

    /// Another context may have found out that the end was `due`, later than the newest that was `seen`.
    /// One that knows better, of activity or of a hold, has nothing to tell.
    pub(super) fn hear_observed(&mut self, due: Option<u64>, seen: u64) {
        let at = self.facts.times.observed.at;
        // Two clocks may differ by so much unnoticed.
        let late = due.is_some_and(|due| at + JUMP_MS >= due);
        if at > seen + ALIKE_MS && late && self.is_joined() {
            self.tell_observed();
        }
    }

    /// Tells the app, unless it was before this page came.
    fn tell_observed(&mut self) {
        let Observed { at, because, .. } = self.facts.times.observed;
        if let Some(because) = because
            && at > self.started
        {
            self.emit(Event::Observed(because));
        }
    }
}
