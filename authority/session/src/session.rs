//! The rule of one token: when it is alive, held or over.
//!
//! Pure: no clock, no I/O. Every function takes `now`, in milliseconds since the Unix epoch, so
//! that it compares with `logout_at` of the policy. Nothing depends on the order in which reports
//! arrive: activity and counts only grow, a released hold stays released, an end stays an end.

use serde::{Deserialize, Serialize};
use stillhere::core::{
    ended::EndedBecause,
    policy::{Mode, Policy},
};

pub use crate::{
    activity::Newest,
    holds::{Hold, MAX_HOLDS},
    standing::{ENDS, Ended, Standing, State},
    terms::{Grace, Terms},
};
use crate::{
    holds::Holds,
    report::{Counts, Report},
};

/// How much later than the interval a keep-alive can be, in milliseconds: a busy lock, a request.
pub const LATE_MS: u64 = 10_000;
/// How long a session that is only observed is kept without activity, in milliseconds: 30 days
/// (NIST SP 800-63B-4, 2.1.3: AAL1 overall).
pub const OBSERVED_MS: u64 = 30 * 24 * 60 * 60 * 1000;

/// What the authority knows about one token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// When it began, in Unix milliseconds.
    pub(crate) began_at: u64,
    /// Newest activity, or the end of the newest hold where that came later.
    pub(crate) active_at: u64,
    pub(crate) counts: Counts,
    pub(crate) newest: Newest,
    pub(crate) contexts: u32,
    pub(crate) holds: Holds,
    pub(crate) hold_changes: u32,
    /// The newest end that was only observed.
    pub(crate) observed: Option<Ended>,
    pub(crate) ended: Option<Ended>,
}

impl Session {
    /// A session that begins now. Being registered counts as activity: somebody just signed in.
    /// A policy whose end has come already ends it at once.
    #[must_use]
    pub fn new<'a>(now: u64, terms: impl Into<Terms<'a>>) -> Self {
        Self::begun(now, now, terms)
    }

    /// A session that begins now for somebody who was last active at `active_at`: a token that was
    /// issued anew for a sign-in that goes on is no activity.
    #[must_use]
    pub fn begun<'a>(now: u64, active_at: u64, terms: impl Into<Terms<'a>>) -> Self {
        let mut session = Self {
            began_at: now,
            active_at: active_at.min(now),
            counts: Counts::default(),
            newest: Newest::default(),
            contexts: 0,
            holds: Holds::default(),
            hold_changes: 0,
            observed: None,
            ended: None,
        };
        session.settle(now, terms);
        session
    }

    /// Takes a report in and says where the session stands after it.
    ///
    /// A hold beyond [`MAX_HOLDS`] is not taken; the 64 that live keep the session as it is, and
    /// contexts name their holds again with each report. However often it is renewed, a hold lives no
    /// longer than the policy's `max_hold_ms` from when it was first reported. One that the report
    /// leaves out goes on: another partition may own it.
    ///
    /// # Errors
    /// The reason, when the session is over or its deadline has passed by `now`, even if nobody
    /// noticed yet. The report then changes nothing.
    pub fn touch<'a>(
        &mut self,
        now: u64,
        terms: impl Into<Terms<'a>>,
        report: &Report,
    ) -> Result<State, EndedBecause> {
        let terms = terms.into();
        if let Some(ended) = self.settle(now, terms) {
            return Err(ended.because);
        }
        let before = self.counts;
        self.counts.merge(report.counts);
        self.newest.take_in(before, self.counts, now.saturating_sub(report.age_ms));
        self.contexts = report.contexts;
        self.take_in(now, terms.policy, report);
        self.settled(now, terms)
    }

    /// An API call arrived that the policy counts as activity.
    ///
    /// # Errors
    /// The reason, when the session is over by `now`. The call then changes nothing.
    pub fn api_call<'a>(
        &mut self,
        now: u64,
        terms: impl Into<Terms<'a>>,
    ) -> Result<State, EndedBecause> {
        let terms = terms.into();
        if let Some(ended) = self.settle(now, terms) {
            return Err(ended.because);
        }
        self.active_at = self.active_at.max(now);
        self.newest.api_calls = self.newest.api_calls.max(Some(now));
        self.settled(now, terms)
    }

    /// Takes in what was reported for another token whose activity counts here too: when somebody was
    /// active, and the holds, but not what was counted there. Changes nothing once this one is over.
    pub fn share<'a>(&mut self, now: u64, terms: impl Into<Terms<'a>>, report: &Report) {
        let terms = terms.into();
        if self.settle(now, terms).is_none() {
            self.take_in(now, terms.policy, report);
            self.settle(now, terms);
        }
    }

    fn take_in(&mut self, now: u64, policy: &Policy, report: &Report) {
        let active_at = now.saturating_sub(report.age_ms);
        self.active_at = self.active_at.max(active_at);
        // To close an interaction is an activity, and is told with the next keep-alive: activity that
        // is so recent tells when. Otherwise the interaction went on until now.
        let recent = report.age_ms <= policy.keepalive_ms.saturating_add(LATE_MS);
        let closed_at = if recent { active_at } else { now };
        for hold in &report.holds {
            if hold.ttl_ms == 0 {
                if self.holds.release(&hold.id) {
                    self.hold_changes = self.hold_changes.wrapping_add(1);
                    self.active_at = self.active_at.max(closed_at);
                }
            } else if self.holds.take(now, policy.max_hold_ms, hold) {
                self.hold_changes = self.hold_changes.wrapping_add(1);
            }
        }
    }

    /// The release of the last hold may be the end that the schedule waited for.
    fn settled(&mut self, now: u64, terms: Terms<'_>) -> Result<State, EndedBecause> {
        match self.settle(now, terms) {
            Some(ended) => Err(ended.because),
            None => Ok(self.state(now, terms)),
        }
    }

    /// Where the session stands at `now`. Extends nothing and changes nothing.
    #[must_use]
    pub fn state<'a>(&self, now: u64, terms: impl Into<Terms<'a>>) -> State {
        let terms = terms.into();
        let since = self.idle_since(now);
        let idle_ms = now.saturating_sub(since);
        if let Some(ended) = self.over(now, terms) {
            let standing = Standing::Ended(ended.because);
            return State { standing, idle_ms, remaining_ms: Some(0) };
        }
        if self.is_held(now) {
            return State { standing: Standing::Held, idle_ms, remaining_ms: None };
        }
        let ends_at = match terms.policy.mode {
            // A scheduled end that was only observed is not made up for.
            Mode::Enforce => sooner(terms.idle_at(since), self.schedule(terms.policy)),
            // Past an end that was only observed the next one is as far away as after activity.
            Mode::Observe => {
                let timeout = terms.policy.idle_timeout_ms.max(1);
                let next = since.saturating_add((idle_ms / timeout + 1).saturating_mul(timeout));
                sooner(next, terms.policy.logout_at.filter(|at| *at > now))
            }
        };
        State {
            standing: Standing::Alive,
            idle_ms,
            remaining_ms: Some(ends_at.saturating_sub(now)),
        }
    }

    /// Ends the session and gives the reason that stands: the first end wins, and a deadline that
    /// has passed by `now` came first.
    pub fn end<'a>(
        &mut self,
        now: u64,
        terms: impl Into<Terms<'a>>,
        because: EndedBecause,
    ) -> EndedBecause {
        match self.settle(now, terms) {
            Some(ended) => ended.because,
            None => self.finish(Ended { because, at: now }).because,
        }
    }

    /// Writes down what the passing of time has done by `now`: holds that lapsed, a deadline that
    /// passed. Gives the end if the session is over.
    pub fn settle<'a>(&mut self, now: u64, terms: impl Into<Terms<'a>>) -> Option<Ended> {
        let terms = terms.into();
        if self.ended.is_some() {
            return self.ended;
        }
        let (over, would_be) = (self.over(now, terms), self.would_be_over(now, terms));
        self.active_at = self.idle_since(now);
        if let Some(ended) = over {
            return Some(self.finish(ended));
        }
        self.observed = would_be.or(self.observed);
        let lapsed = self.holds.drop_lapsed(now, terms.policy.max_hold_ms);
        self.hold_changes = self.hold_changes.wrapping_add(lapsed);
        None
    }

    /// The next moment, in Unix milliseconds, at which the session changes by itself: its deadline,
    /// or while held the expiry of the first hold. None once ended.
    #[must_use]
    pub fn deadline<'a>(&self, terms: impl Into<Terms<'a>>) -> Option<u64> {
        let terms = terms.into();
        if self.ended.is_some() {
            return None;
        }
        let seen = |ended: Ended| ended.at >= self.active_at;
        if terms.policy.mode == Mode::Observe && self.observed.is_some_and(seen) {
            return Some(self.active_at.saturating_add(OBSERVED_MS));
        }
        let idle = terms.idle_at(self.active_at);
        let lapses = self.holds.next_lapse();
        Some(lapses.unwrap_or_else(|| sooner(idle, self.schedule(terms.policy))))
    }

    /// How the session ended, as far as it was noticed ([`Session::settle`]).
    #[must_use]
    pub const fn ended(&self) -> Option<Ended> {
        self.ended
    }

    /// The newest end that a policy which only observes did not carry out.
    #[must_use]
    pub const fn observed(&self) -> Option<Ended> {
        self.observed
    }

    /// When the session began, in Unix milliseconds.
    #[must_use]
    pub const fn began_at(&self) -> u64 {
        self.began_at
    }

    /// The newest activity that was noticed, or the end of the newest hold, in Unix milliseconds.
    #[must_use]
    pub const fn active_at(&self) -> u64 {
        self.active_at
    }

    /// The largest of each count that was reported.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// When each kind of activity was seen last.
    #[must_use]
    pub const fn newest(&self) -> Newest {
        self.newest
    }

    /// Contexts that shared the token at the newest report.
    #[must_use]
    pub const fn contexts(&self) -> u32 {
        self.contexts
    }

    /// Holds that live at `now`.
    pub fn holds(&self, now: u64) -> impl Iterator<Item = &Hold> {
        self.holds.at(now)
    }

    /// Changes whenever a hold begins or ends, so that a caller sees that one did.
    #[must_use]
    pub const fn hold_changes(&self) -> u32 {
        self.hold_changes
    }

    /// Replaces every moment but the beginning: a store may count from another than 1970.
    pub fn map_moments(&mut self, to: impl Fn(u64) -> u64) {
        self.active_at = to(self.active_at);
        self.newest.map_moments(&to);
        self.holds.map_moments(&to);
        for ended in [&mut self.observed, &mut self.ended].into_iter().flatten() {
            ended.at = to(ended.at);
        }
    }

    fn finish(&mut self, ended: Ended) -> Ended {
        self.ended = Some(ended);
        let held = u32::try_from(self.holds.live.len()).unwrap_or(u32::MAX);
        self.hold_changes = self.hold_changes.wrapping_add(held);
        self.holds = Holds::default();
        ended
    }

    fn is_held(&self, now: u64) -> bool {
        self.holds(now).next().is_some()
    }

    /// Lapsed holds kept the person present until they lapsed.
    fn idle_since(&self, now: u64) -> u64 {
        self.holds.lapsed_at(now).map_or(self.active_at, |lapsed| lapsed.max(self.active_at))
    }

    /// The end that has come by `now`.
    fn over(&self, now: u64, terms: Terms<'_>) -> Option<Ended> {
        if self.ended.is_some() {
            return self.ended;
        }
        match terms.policy.mode {
            Mode::Enforce => self.first_end(now, terms),
            Mode::Observe => {
                let at = self.idle_since(now).saturating_add(OBSERVED_MS);
                let forgotten = at <= now && !self.is_held(now);
                forgotten.then_some(Ended { because: EndedBecause::Idle, at })
            }
        }
    }

    /// The end that would have come by `now`, where none is carried out: the first since somebody
    /// was active.
    fn would_be_over(&self, now: u64, terms: Terms<'_>) -> Option<Ended> {
        let since = self.idle_since(now);
        let seen = self.observed.is_some_and(|ended| ended.at >= since);
        let observing = terms.policy.mode == Mode::Observe && self.ended.is_none() && !seen;
        if observing { self.first_end(now, terms) } else { None }
    }

    /// Whichever end came first by `now`. While a hold lives nobody is logged out, by the idle time
    /// or by the schedule (docs/architecture.md, "hold" and rule 4).
    fn first_end(&self, now: u64, terms: Terms<'_>) -> Option<Ended> {
        if self.is_held(now) {
            return None;
        }
        let come = |at: &u64| *at <= now;
        let since = self.idle_since(now);
        let idle = Some(terms.idle_at(since)).filter(come);
        // A hold that outlived the moment put the end off until it was over.
        let scheduled = self.schedule(terms.policy).map(|at| at.max(since)).filter(come);
        match (idle, scheduled) {
            (Some(at), None) => Some(Ended { because: EndedBecause::Idle, at }),
            (Some(at), Some(logout)) if at < logout => {
                Some(Ended { because: EndedBecause::Idle, at })
            }
            (_, Some(at)) => Some(Ended { because: EndedBecause::Schedule, at }),
            (None, None) => None,
        }
    }

    /// The scheduled end, unless it was observed already: whoever goes on working after it is not
    /// logged out again with each key.
    fn schedule(&self, policy: &Policy) -> Option<u64> {
        policy.logout_at.filter(|at| self.observed.is_none_or(|ended| ended.at < *at))
    }
}

fn sooner(at: u64, other: Option<u64>) -> u64 {
    other.map_or(at, |other| other.min(at))
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
