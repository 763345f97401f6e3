//! Holds: leases that say "an interaction is open" (docs/architecture.md, "hold"). The context that
//! took one renews it for as long as its page lives, so one whose page crashed lapses by itself;
//! where the app names a time to live, the app renews it.

use super::agent::Agent;
use super::facts::{Hold, HoldId, MAX_REASON};

/// Holds that one group can have open, and that a report can name.
pub const MAX_HOLDS: usize = 64;
/// The lease of a hold that its context renews, in milliseconds: it is renewed when half of it is
/// over, and the timer of a hidden page may be a minute late.
pub const LEASE_MS: u64 = 3 * 60 * 1000;
/// How long a hold that is over is remembered, so that a late message does not take it up again,
/// in milliseconds.
const REMEMBERED_MS: u64 = 10 * 60 * 1000;

impl Agent {
    /// Whether a hold of this group lived at or after `moment`.
    pub(super) fn knows_a_hold(&self, moment: u64) -> bool {
        let mut holds = self.facts.times.holds.values();
        holds.any(|hold| hold.expires >= moment)
    }

    /// Takes a hold or renews it, for `ttl_ms` or, if that is 0, for as long as the page lives.
    pub(super) fn on_hold(&mut self, id: HoldId, reason: &[u8], ttl_ms: u64) {
        let now = self.now();
        let over = self.due().is_some_and(|due| now >= due.end_at && !due.observed);
        self.forget_holds();
        let live = self.facts.times.holds.values().filter(|hold| hold.lives(now)).count();
        if over || self.facts.ended.is_some() {
            return;
        }
        let longest = self.policy().max_hold_ms;
        let lease = if ttl_ms == 0 { LEASE_MS } else { ttl_ms };
        let expires = now.saturating_add(lease.min(longest));
        match self.facts.times.holds.get_mut(id) {
            Some(known) => known.renew(now, expires, longest),
            None if live >= MAX_HOLDS => return,
            None => {
                let hold = Hold {
                    released: false,
                    expires,
                    changed: now,
                    taken: now,
                    by: self.id,
                    leased: ttl_ms == 0,
                    told: false,
                    reason: reason.get(..MAX_REASON).unwrap_or(reason).into(),
                };
                self.facts.times.holds.insert(id, hold);
            }
        }
        self.urgent();
    }

    /// Renews what this context vouches for, when half of the lease is over, and keeps all holds
    /// within what the policy allows now.
    pub(super) fn renew_holds(&mut self) {
        let longest = self.policy().max_hold_ms;
        for hold in self.facts.times.holds.values_mut() {
            hold.expires = hold.expires.min(hold.taken.saturating_add(longest));
        }
        if self.renews_at().is_none_or(|at| at > self.now()) || self.away {
            return;
        }
        let (now, id) = (self.now(), self.id);
        for hold in self.facts.times.holds.values_mut() {
            if hold.leased && hold.by == id && hold.lives(now) {
                hold.renew(now, now + LEASE_MS, longest);
            }
        }
        self.news();
    }

    /// When [`Agent::renew_holds`] has something to do again.
    pub(super) fn renews_at(&self) -> Option<u64> {
        let now = self.now();
        let holds = self.facts.times.holds.values();
        let own = holds.filter(|hold| hold.leased && hold.by == self.id && hold.lives(now));
        // At its longest it can't be renewed any more.
        let longest = self.policy().max_hold_ms;
        let short = own.filter(|hold| hold.expires < hold.taken.saturating_add(longest));
        short.map(|hold| hold.expires.saturating_sub(LEASE_MS / 2)).min()
    }

    /// A number that is another whenever a hold has changed.
    pub(super) fn hold_changes(&self) -> u64 {
        self.facts.times.holds.values().fold(0, |sum: u64, hold| sum.wrapping_add(hold.changed))
    }

    /// The authority knows the holds as they are, but for those that had lapsed at `began` without a
    /// word. Whether that is news.
    pub(super) fn holds_told(&mut self, began: u64) -> bool {
        let mut news = false;
        for hold in self.facts.times.holds.values_mut() {
            let told = hold.told || hold.released || hold.lives(began);
            news |= hold.told != told;
            hold.told = told;
        }
        news
    }

    /// Drops what is over and says nothing about the idle time any more.
    fn forget_holds(&mut self) {
        let now = self.now();
        let activity = self.facts.times.activity;
        self.facts.times.holds.retain(|_, hold| {
            let counts = !hold.released && hold.expires > activity;
            counts || hold.expires + REMEMBERED_MS > now
        });
    }

    pub(super) fn on_release(&mut self, id: HoldId) {
        let now = self.now();
        let Some(hold) = self.facts.times.holds.get_mut(id) else { return };
        if !hold.lives(now) || self.facts.ended.is_some() {
            return;
        }
        hold.released = true;
        hold.expires = now;
        hold.changed = now;
        hold.told = false;
        self.active(now);
        self.urgent();
    }
}

impl Hold {
    /// Puts its end off, unless it is released or at its longest. One that lapsed lives again from
    /// now on, if it may: what is past stays as it was.
    fn renew(&mut self, now: u64, expires: u64, longest: u64) {
        let expires = expires.min(self.taken.saturating_add(longest));
        if !self.released && expires > self.expires.max(now) {
            self.expires = expires;
            self.changed = now;
            self.told = false;
        }
    }
}
