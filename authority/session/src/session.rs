//! The rule of one token: when it is alive, held or over.
//!
//! Pure: no clock, no I/O. Every function takes `now`, in milliseconds since the Unix epoch, so
//! that it compares with [`Policy::logout_at`]. Nothing depends on the order in which reports
//! arrive: activity and counts only grow, a released hold stays released, an end stays an end.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use stillhere::core::{ended::EndedBecause, policy::Policy};

use crate::report::{Counts, HoldReport, Report};

/// The reasons for which an authority ends a session. The others say that it was not asked.
pub const ENDS: [EndedBecause; 4] =
    [EndedBecause::Revoked, EndedBecause::SignedOut, EndedBecause::Schedule, EndedBecause::Idle];
/// Holds that one session can have at once.
pub const MAX_HOLDS: usize = 64;
/// How much later than the interval a keep-alive can be, in milliseconds: a busy lock, a request.
const LATE_MS: u64 = 10_000;
/// Holds that are over for good and that a session remembers, so that a late report does not take them up again.
const MAX_RELEASED: usize = 64;

/// A lease that says "an interaction is open". While one lives nobody is logged out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The name that the context gave it; unique within the session.
    pub id: String,
    /// What the person is busy with, for administrators.
    pub reason: String,
    /// First moment at which it no longer holds, in Unix milliseconds.
    pub expires_at: u64,
    /// When it was first reported, in Unix milliseconds: the policy's `max_hold_ms` counts from here.
    pub taken_at: u64,
}

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

/// What the authority knows about one token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Newest activity, or the end of the newest hold where that came later.
    active_at: u64,
    counts: Counts,
    contexts: u32,
    holds: Vec<Hold>,
    released: VecDeque<String>,
    hold_changes: u64,
    ended: Option<Ended>,
}

impl Session {
    /// A session that begins now. Being registered counts as activity: somebody just signed in.
    /// A policy whose end has come already ends it at once.
    #[must_use]
    pub fn new(now: u64, policy: &Policy) -> Self {
        let mut session = Self {
            active_at: now,
            counts: Counts::default(),
            contexts: 0,
            holds: Vec::new(),
            released: VecDeque::new(),
            hold_changes: 0,
            ended: None,
        };
        session.settle(now, policy);
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
    pub fn touch(
        &mut self,
        now: u64,
        policy: &Policy,
        report: &Report,
    ) -> Result<State, EndedBecause> {
        if let Some(ended) = self.settle(now, policy) {
            return Err(ended.because);
        }
        self.counts.merge(report.counts);
        self.contexts = report.contexts;
        self.take_in(now, policy, report);
        // The release of the last hold may be the end that the schedule waited for.
        match self.settle(now, policy) {
            Some(ended) => Err(ended.because),
            None => Ok(self.state(now, policy)),
        }
    }

    /// Takes in what was reported for another token whose activity counts here too: when somebody was
    /// active, and the holds, but not what was counted there. Changes nothing once this one is over.
    pub fn share(&mut self, now: u64, policy: &Policy, report: &Report) {
        if self.settle(now, policy).is_none() {
            self.take_in(now, policy, report);
            self.settle(now, policy);
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
                self.release(closed_at, &hold.id);
            } else {
                self.take(now, policy, hold);
            }
        }
    }

    /// Where the session stands at `now`. Extends nothing and changes nothing.
    #[must_use]
    pub fn state(&self, now: u64, policy: &Policy) -> State {
        let idle_ms = now.saturating_sub(self.idle_since(now));
        if let Some(ended) = self.over(now, policy) {
            let standing = Standing::Ended(ended.because);
            return State { standing, idle_ms, remaining_ms: Some(0) };
        }
        if self.is_held(now) {
            return State { standing: Standing::Held, idle_ms, remaining_ms: None };
        }
        let ends_at = sooner(self.idle_since(now) + policy.idle_timeout_ms, policy.logout_at);
        State {
            standing: Standing::Alive,
            idle_ms,
            remaining_ms: Some(ends_at.saturating_sub(now)),
        }
    }

    /// Ends the session and gives the reason that stands: the first end wins, and a deadline that
    /// has passed by `now` came first.
    pub fn end(&mut self, now: u64, policy: &Policy, because: EndedBecause) -> EndedBecause {
        match self.settle(now, policy) {
            Some(ended) => ended.because,
            None => self.finish(Ended { because, at: now }).because,
        }
    }

    /// Writes down what the passing of time has done by `now`: holds that lapsed, a deadline that
    /// passed. Gives the end if the session is over.
    pub fn settle(&mut self, now: u64, policy: &Policy) -> Option<Ended> {
        if self.ended.is_some() {
            return self.ended;
        }
        if let Some(ended) = self.over(now, policy) {
            self.active_at = self.idle_since(now);
            return Some(self.finish(ended));
        }
        self.active_at = self.idle_since(now);
        for hold in self.holds.extract_if(.., |hold| hold.expires_at <= now) {
            self.hold_changes += 1;
            // One that lived as long as any may is over for good; one that was only not renewed in
            // time can be renewed late.
            if hold.expires_at >= hold.taken_at.saturating_add(policy.max_hold_ms) {
                remember(&mut self.released, &hold.id);
            }
        }
        None
    }

    /// The next moment, in Unix milliseconds, at which the session changes by itself: its deadline,
    /// or while held the expiry of the first hold. None once ended.
    #[must_use]
    pub fn deadline(&self, policy: &Policy) -> Option<u64> {
        if self.ended.is_some() {
            return None;
        }
        let idle = self.active_at.saturating_add(policy.idle_timeout_ms);
        let lapses = self.holds.iter().map(|hold| hold.expires_at).min();
        Some(lapses.unwrap_or_else(|| sooner(idle, policy.logout_at)))
    }

    /// How the session ended, as far as it was noticed ([`Session::settle`]).
    #[must_use]
    pub const fn ended(&self) -> Option<Ended> {
        self.ended
    }

    /// The largest of each count that was reported.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// Contexts that shared the token at the newest report.
    #[must_use]
    pub const fn contexts(&self) -> u32 {
        self.contexts
    }

    /// Holds that live at `now`.
    pub fn holds(&self, now: u64) -> impl Iterator<Item = &Hold> {
        self.holds.iter().filter(move |hold| hold.expires_at > now)
    }

    /// Grows whenever a hold begins or ends, so that a caller sees that one did.
    #[must_use]
    pub const fn hold_changes(&self) -> u64 {
        self.hold_changes
    }

    fn release(&mut self, closed_at: u64, id: &str) {
        if let Some(index) = self.holds.iter().position(|hold| hold.id == id) {
            self.holds.swap_remove(index);
            self.hold_changes += 1;
            self.active_at = self.active_at.max(closed_at);
        }
        remember(&mut self.released, id);
    }

    fn take(&mut self, now: u64, policy: &Policy, report: &HoldReport) {
        if policy.max_hold_ms == 0 || self.released.contains(&report.id) {
            return;
        }
        let capped = |taken_at: u64| {
            now.saturating_add(report.ttl_ms).min(taken_at.saturating_add(policy.max_hold_ms))
        };
        let expires_at = capped(now);
        if let Some(hold) = self.holds.iter_mut().find(|hold| hold.id == report.id) {
            hold.expires_at = hold.expires_at.max(capped(hold.taken_at));
        } else if self.holds.len() < MAX_HOLDS {
            self.hold_changes += 1;
            let (id, reason) = (report.id.clone(), report.reason.clone());
            self.holds.push(Hold { id, reason, expires_at, taken_at: now });
        }
    }

    fn finish(&mut self, ended: Ended) -> Ended {
        self.ended = Some(ended);
        self.hold_changes += self.holds.len() as u64;
        self.holds = Vec::new();
        self.released = VecDeque::new();
        ended
    }

    fn is_held(&self, now: u64) -> bool {
        self.holds(now).next().is_some()
    }

    /// Lapsed holds kept the person present until they lapsed.
    fn idle_since(&self, now: u64) -> u64 {
        let lapsed = self.holds.iter().map(|hold| hold.expires_at).filter(|at| *at <= now);
        lapsed.fold(self.active_at, u64::max)
    }

    /// The end that has come by `now`, whichever was first. While a hold lives nobody is logged
    /// out, by the idle time or by the schedule (docs/architecture.md, "hold" and rule 4).
    fn over(&self, now: u64, policy: &Policy) -> Option<Ended> {
        if self.ended.is_some() {
            return self.ended;
        }
        if self.is_held(now) {
            return None;
        }
        let come = |at: &u64| *at <= now;
        let since = self.idle_since(now);
        let idle = Some(since.saturating_add(policy.idle_timeout_ms)).filter(come);
        // A hold that outlived the moment put the end off until it was over.
        let scheduled = policy.logout_at.map(|at| at.max(since)).filter(come);
        match (idle, scheduled) {
            (Some(at), None) => Some(Ended { because: EndedBecause::Idle, at }),
            (Some(at), Some(logout)) if at < logout => {
                Some(Ended { because: EndedBecause::Idle, at })
            }
            (_, Some(at)) => Some(Ended { because: EndedBecause::Schedule, at }),
            (None, None) => None,
        }
    }
}

/// Keeps the newest names of holds that are over for good.
fn remember(released: &mut VecDeque<String>, id: &str) {
    if !released.iter().any(|known| known == id) {
        if released.len() == MAX_RELEASED {
            released.pop_front();
        }
        released.push_back(id.to_owned());
    }
}

fn sooner(at: u64, other: Option<u64>) -> u64 {
    other.map_or(at, |other| other.min(at))
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
