//! What counts as activity and when. An input costs one clock reading, one comparison with the
//! deadline and one counter (docs/architecture.md, rule 9).

use super::agent::Agent;
use super::facts::Kind;
use super::output::Wakeup;
use super::rules::{self, Phase};
use super::share::{News, PAUSE_MS};
use super::time::JUMP_MS;

/// The span of wall-clock time in which one more activity needs nothing but counting.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Hot {
    /// When both clocks were looked at, or the newest activity since.
    from: u64,
    until: u64,
    lead: u64,
    counted: bool,
}

impl Agent {
    /// Counts an activity at wall-clock time `wall` in the common case: the session is active,
    /// its news are due later anyway, and the deadline is ahead. `false` says that nothing was
    /// counted and [`Agent::handle_input`] must be asked. This is all that most inputs cost.
    #[inline]
    pub fn count(&mut self, kind: Kind, wall: u64) -> bool {
        // A longer step may be a clock that was set: what comes after it must not pass for older. And whether
        // the system's input counts is for the policy to say.
        let step = wall.wrapping_sub(self.hot.from);
        if step > JUMP_MS || wall >= self.hot.until || matches!(kind, Kind::System) {
            return false;
        }
        self.counted(kind, wall);
        true
    }

    /// The same for who has looked at [`Agent::counts_within`] by itself.
    pub fn counted(&mut self, kind: Kind, wall: u64) {
        self.me.counts.add(kind);
        self.hot = Hot { from: wall, counted: true, ..self.hot };
    }

    /// From when to when [`Agent::count`] counts, by the wall clock: for who counts by itself meanwhile, and
    /// says so before anything else. No activity may come more than [`JUMP_MS`] after the one before it, or
    /// the first after the start.
    #[must_use]
    pub const fn counts_within(&self) -> (u64, u64) {
        (self.hot.from, self.hot.until)
    }

    pub(super) fn fold(&mut self) {
        if self.hot.counted {
            let newest = self.hot.from + self.hot.lead;
            self.me.active_at = self.me.active_at.max(newest);
            self.facts.times.activity = self.facts.times.activity.max(newest);
        }
        self.hot = Hot::default();
    }

    pub(super) fn on_activity(&mut self, kind: Option<Kind>, age_ms: u64) {
        let counts = self.policy().counts;
        let counted = match kind {
            Some(Kind::Keystroke) => counts.keystrokes,
            Some(Kind::Click) => counts.clicks,
            Some(Kind::Heartbeat) => counts.heartbeats,
            Some(Kind::System) => counts.system,
            Some(Kind::Note) | None => true,
        };
        if !counted || self.facts.ended.is_some() {
            return;
        }
        let now = self.now();
        let mut at = now.saturating_sub(age_ms);
        // A host gathers what was done within a second, and that may have been before the lock.
        let locked = self.facts.times.locked;
        if kind == Some(Kind::Heartbeat) && at.wrapping_sub(locked) < PAUSE_MS {
            at = locked.saturating_sub(1);
        }
        let end_at = self.due().map_or(u64::MAX, |due| due.end_at);
        if self.away || self.is_checking() || now >= end_at {
            // Judged by its own time once it is known where the session stands: it may be the key
            // that wakes a laptop whose session is over, or be heard before the page is told that it
            // goes on.
            if let Some(kind) = kind {
                self.pending.add(kind);
                self.pending_at = self.pending_at.max(at);
            }
            return;
        }
        if let Some(kind) = kind {
            self.me.counts.add(kind);
        }
        self.active(at);
    }

    /// The screen was locked. Whoever did so may be about to leave: all must know of it now.
    pub(super) fn on_locked(&mut self) {
        if self.facts.ended.is_none() {
            // What is known was before it, though the clock of whoever told of it may be ahead.
            self.locked_at = self.now().max(self.facts.times.activity + 1);
            self.facts.times.locked = self.facts.times.locked.max(self.locked_at);
            self.urgent();
        }
    }

    /// What was done before the screen was locked may be as late as `at` for the authority, which counts
    /// from when it is told: that is no newer activity.
    pub(super) fn keep_locked(&mut self, at: u64) {
        if rules::is_locked(&self.facts, self.now()) {
            self.facts.times.locked = self.facts.times.locked.max(at.min(self.now() + 1));
        }
    }

    /// Somebody is here, or was then.
    pub(super) fn active(&mut self, at: u64) {
        self.me.active_at = self.me.active_at.max(at);
        self.learn_activity(at);
    }

    /// Somebody was active then, here or elsewhere.
    pub(super) fn learn_activity(&mut self, at: u64) {
        // The others are about to warn: they must not wait for the next routine broadcast. (The warning
        // of a shift's end is not put off by it.) Those with another token may know less of theirs. What comes
        // after a lock they must know once it counts again.
        let policy = self.policy();
        let spare = if rules::is_locked(&self.facts, self.now()) {
            0
        } else {
            policy.idle_timeout_ms - policy.warn_before_ms
        };
        let others = self.facts.times.activity + spare;
        let warn_at = match self.due() {
            Some(due) if due.scheduled => u64::MAX,
            Some(due) => due.warn_at.min(others),
            None => rules::held_until(&self.facts, self.now())
                .map_or(u64::MAX, |until| until.max(others)),
        };
        self.facts.times.activity = self.facts.times.activity.max(at);
        if self.now() + 2 * PAUSE_MS >= warn_at { self.urgent() } else { self.news() }
    }

    /// Counts what came while it was unknown where the session stands, once that is known.
    pub(super) fn count_pending(&mut self) {
        if self.away || self.is_checking() {
            return;
        }
        // Whoever asked has found out what the jump was, and said so.
        self.ahead_by = 0;
        self.back_at = 0;
        let due = self.due();
        let end_at = due.map_or(u64::MAX, |due| due.end_at);
        if self.pending_at == 0
            || (self.now() >= end_at && !rules::tried_since(&self.facts, end_at))
        {
            return;
        }
        if self.pending_at >= end_at && due.is_some_and(|due| due.observed) {
            // It belongs to the time after an end that is only observed, once that is written down.
            return;
        }
        let at = ::core::mem::take(&mut self.pending_at);
        let pending = ::core::mem::take(&mut self.pending);
        if self.facts.ended.is_none() && at < end_at {
            self.me.counts = self.me.counts.plus(pending);
            self.active(at);
        }
    }

    /// Lets inputs be counted at once until the machine wants to be woken. Whoever drains it asks for that
    /// moment anyway: to reckon it for this alone was a quarter of what a key costs in a group of 200.
    pub(super) fn heat(&mut self, wake: Option<Wakeup>) {
        self.fold();
        let unknown = self.facts.times.activity > self.facts.times.acknowledged;
        let all = self.facts.policy.as_ref().is_none_or(|policy| policy.counts.is_all());
        let quiet = self.said_phase == Phase::Active && !self.away && self.is_joined();
        if quiet && unknown && all && self.share.news != News::None {
            let end = self.due().map_or(0, |due| due.end_at);
            let until = wake.map_or(0, |wake| wake.at).min(end);
            let lead = self.now().saturating_sub(self.wall);
            let until = until.saturating_sub(lead);
            self.hot = Hot { from: self.wall, until, lead, counted: false };
        }
    }
}
