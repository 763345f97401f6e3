//! What it means when the clocks disagree: the machine slept, or somebody set its clock
//! (docs/architecture.md, "Clocks and eras").

use super::agent::{Agent, Join};
use super::sender::{BOUND_MS, Sender};
use super::share::{JOIN_MS, News, Share};
use super::time::{JUMP_MS, Jump, Reading};

/// By how much an answer must contradict what was known for a sleep behind a clock that was set back, in
/// milliseconds: two answers may differ by the way of one of them.
const BEHIND_MS: u64 = JUMP_MS + BOUND_MS;
/// By how much nearer it must be that the clock was set than that the machine slept, in milliseconds:
/// machines sleep more often, and to take one for the other makes a session live on.
const DOUBT_MS: u64 = 500;

impl Agent {
    /// Moves the timeline on; what is known may have to move with it.
    pub(super) fn look_at_the_clock(&mut self, reading: Reading) {
        self.wall = reading.wall;
        let Some(jump) = self.line.advance(reading) else { return };
        match jump {
            Jump::Ahead { from, by } => {
                // Its newest key may have been counted without a look at both clocks: before the jump, or it
                // would not only have been counted. A peer whose clock is a little ahead may have heard the
                // answers that are known.
                let known = from.max(self.me.active_at).max(self.sign());
                self.check_from = known.min(self.now() - 1) + 1;
                self.ahead_by += by;
                // Nobody had the lock for all that time.
                if matches!(self.sender, Sender::Busy { .. }) {
                    self.sender = Sender::Rest;
                }
            }
            Jump::Back { by } => {
                self.shift(-(by as i64), u64::MAX);
                // (What waits to be judged after a jump ahead came after it, and is where it was.)
                self.pending_at = self.pending_at.saturating_sub(by);
                // No answer of the new era is older than the jump.
                self.check_from = 1;
                self.back_at = self.now();
            }
        }
    }

    /// The clock of this machine was set: what is known moves with it, and what this context was
    /// about to do begins anew.
    fn shift(&mut self, by: i64, since: u64) {
        self.facts.times.shift(by, since);
        self.shift_own(by, since);
        self.told = self.told.saturating_add_signed(by);
        self.ahead_by = 0;
        let now = self.now();
        self.stop_sending();
        self.leave_stream();
        self.share = Share::NOTHING;
        self.urgent();
        if self.join != Join::Done {
            self.join = Join::Waiting { until: now + JOIN_MS };
        }
    }

    /// What this context alone knows, of before `since`, moves by `by` milliseconds.
    fn shift_own(&mut self, by: i64, since: u64) {
        // A call may have been closed since, while it was not known yet what the jump was.
        if self.me.active_at < since {
            self.me.active_at = self.me.active_at.saturating_add_signed(by);
        }
        if self.locked_at < since {
            self.locked_at = self.locked_at.saturating_add_signed(by);
        }
        self.started = self.started.saturating_add_signed(by);
    }

    /// A peer has found out that somebody set the clock, and its moments replaced those known here. What
    /// this context alone knew moves along; `acknowledged` is what it was before.
    pub(super) fn follow_the_clock(&mut self, acknowledged: u64) {
        if self.facts.times.acknowledged > 0 {
            let slept = self.slept_behind(acknowledged, self.facts.times.acknowledged);
            self.shift_own(-(slept as i64), self.back_at);
        }
        let by = ::core::mem::take(&mut self.ahead_by);
        if self.me.active_at < self.check_from {
            self.me.active_at = self.me.active_at.saturating_add(by).min(self.now());
        }
        if self.locked_at > 0 && self.locked_at < self.check_from {
            self.locked_at = self.locked_at.saturating_add(by).min(self.now());
        }
        self.started = self.started.saturating_add(by);
        let times = &mut self.facts.times;
        times.activity = times.activity.max(self.me.active_at);
        if self.locked_at > times.locked {
            times.locked = self.locked_at;
            self.share.news = News::Urgent;
        }
        // What is under way was begun, and will be answered, in moments of before.
        self.stop_sending();
        self.leave_stream();
        self.news();
    }

    /// After a jump ahead the authority was last told of activity `idle_ms` ago, or a hold lapsed then.
    /// If that is as long as the monotonic clock says, the machine did not sleep: somebody set its
    /// clock forward. Unless it is rather an activity of which it was told although the answer never
    /// came: our newest, or what this context told of last.
    pub(super) fn explain_jump(&mut self, idle_ms: Option<u64>) {
        let by = ::core::mem::take(&mut self.ahead_by);
        let Some(told_at) = idle_ms.map(|ms| self.now().saturating_sub(ms)) else { return };
        let times = &self.facts.times;
        let mut known = times.acknowledged;
        for hold in times.holds.values() {
            if hold.told && hold.expires + by <= self.now() {
                known = known.max(hold.expires);
            }
        }
        let apart = told_at.abs_diff(known + by);
        // One without an answer was told when it came there: that takes as long as its way.
        let way_ms = if times.sent > times.answered { BOUND_MS } else { 0 };
        let mut slept = told_at.abs_diff(told_at.max(self.told).min(self.told + way_ms));
        // Of what came after all that was sent the authority was not told.
        if times.sent >= times.activity {
            slept = slept.min(told_at.abs_diff(times.activity));
        }
        if by > 0 && apart < JUMP_MS && apart + DOUBT_MS < slept {
            self.shift(by as i64, self.check_from);
        }
    }
    /// For how long the machine slept while its clock was set back by more, in milliseconds; 0 if it did not.
    /// Its pages saw the difference alone, so that all they know is too late by the sleep: the newest
    /// activity that the authority has is `known` here, and was in truth at `told_at`.
    fn slept_behind(&self, known: u64, told_at: u64) -> u64 {
        let slept = known.saturating_sub(told_at);
        if self.back_at > 0 && slept > BEHIND_MS { slept } else { 0 }
    }

    /// After the clock was set back the authority says when it was last told of activity, of its own accord
    /// and not reckoned from what is left of a timeout.
    pub(super) fn explain_set_back(&mut self, idle_ms: Option<u64>) {
        let Some(ms) = idle_ms else { return };
        let told_at = self.now().saturating_sub(ms);
        let slept = self.slept_behind(self.facts.times.acknowledged, told_at);
        if slept > 0 {
            self.shift(-(slept as i64), self.back_at);
        }
    }
}
