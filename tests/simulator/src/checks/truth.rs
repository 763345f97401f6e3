//! What was really done with a token, on true time: who pressed what, and which calls were open.

use std::collections::{BTreeMap, BTreeSet};

use stillhere::core::agent::Agent;
use stillhere::core::facts::{HoldId, Kind};
use stillhere::core::input::Input;

/// An open interaction.
#[derive(Debug, Clone, Copy)]
struct Call {
    /// When it was taken, or taken up again.
    told_from: u64,
    expires_at: u64,
}

/// The truth about one token.
#[derive(Debug, Clone, Default)]
pub(super) struct Truth {
    /// The newest press, counted or not.
    pub(super) pressed_at: u64,
    /// The newest that some context counted; the lapse of a hold counts as well.
    pub(super) active_at: u64,
    /// Holds that were not released.
    holds: BTreeMap<HoldId, Call>,
    released: BTreeSet<HoldId>,
    /// Until when the released ones would have lived: the authority believes in them for as long,
    /// unless it is told.
    pub(super) promised: u64,
    /// A page was opened while nobody could be asked: it must take its own word for it.
    pub(super) blurred: bool,
    /// When some screen was locked.
    pub(super) locks: Vec<u64>,
}

impl Truth {
    /// From when the idle time counts at `now`, and whether a hold lives.
    pub(super) fn basis(&self, now: u64) -> (u64, bool) {
        let lapses = self.holds.values().map(|call| call.expires_at);
        let basis = lapses.filter(|at| *at <= now).fold(self.active_at, u64::max);
        (basis, self.holds.values().any(|call| call.expires_at > now))
    }

    /// When the last hold lapses, or `from` where that is later.
    pub(super) fn over_at(&self, from: u64) -> u64 {
        self.holds.values().map(|call| call.expires_at).fold(from, u64::max)
    }

    /// Some screen was locked.
    pub(super) const fn had_locks(&self) -> bool {
        !self.locks.is_empty()
    }

    /// There are holds, or there were some.
    pub(super) fn had_holds(&self) -> bool {
        !self.holds.is_empty() || !self.released.is_empty()
    }

    /// A hold lives at `now` that was taken before `taken_before`.
    pub(super) fn is_held(&self, now: u64, taken_before: u64) -> bool {
        let mut calls = self.holds.values();
        calls.any(|call| call.expires_at > now && call.told_from < taken_before)
    }

    /// Somebody does something. `former` is what was last done with the tokens before this one, and
    /// promised to them: facts move along with a page. Whether it is activity.
    pub(super) fn acts(
        &mut self,
        input: &Input<'_>,
        now: u64,
        former: (u64, u64),
        counts: impl Fn(Kind) -> bool,
    ) -> bool {
        match input {
            Input::Activity { kind, .. } if !counts(*kind) => false,
            Input::Activity { age_ms, .. } => {
                self.pressed_at = self.pressed_at.max(now - age_ms.min(&now));
                true
            }
            Input::Stay => {
                self.pressed_at = now;
                true
            }
            Input::Release(id) => {
                let open = self.holds.get(id).is_some_and(|call| call.expires_at > now);
                if open {
                    (self.pressed_at, self.active_at) = (now, now);
                }
                open
            }
            Input::TokenChanged(_) => {
                self.pressed_at = self.pressed_at.max(former.0);
                self.active_at = self.active_at.max(former.0);
                self.promised = self.promised.max(former.1);
                false
            }
            Input::Locked => {
                self.locks.push(now);
                false
            }
            _ => false,
        }
    }

    /// Takes in the holds that a context knows of; none lives longer than `longest_ms`.
    pub(super) fn learn_holds(&mut self, agent: &Agent, now: u64, longest_ms: u64) {
        for (id, hold) in agent.facts().times.holds.iter() {
            if hold.released {
                let promised = self.holds.remove(id).map_or(0, |call| call.expires_at);
                self.promised = self.promised.max(promised);
                self.released.insert(*id);
            } else if hold.lives(agent.now()) && !self.released.contains(id) {
                let taken_at = now - agent.now().saturating_sub(hold.taken).min(now);
                // A page that does not know the policy yet takes it for longer than that allows.
                let expires_at = now + (hold.expires - agent.now());
                let expires_at = expires_at.min(taken_at + longest_ms);
                // One that had lapsed is as good as new: nobody knows of it yet.
                match self.holds.get_mut(id).filter(|known| known.expires_at > now) {
                    Some(known) => known.expires_at = known.expires_at.max(expires_at),
                    None => _ = self.holds.insert(*id, Call { told_from: now, expires_at }),
                }
            }
        }
    }
}
