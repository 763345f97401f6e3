//! The holds of one session: leases that say "an interaction is open".

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::report::HoldReport;

/// Holds that one session can have at once.
pub const MAX_HOLDS: usize = 64;
/// Holds that are over for good and that a session remembers, so that a late report does not take
/// them up again.
pub(crate) const MAX_RELEASED: usize = 64;

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

/// All holds of a session, and the names of those that are over for good.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Holds {
    pub(crate) live: Vec<Hold>,
    pub(crate) released: VecDeque<String>,
}

impl Holds {
    pub(crate) fn map_moments(&mut self, to: impl Fn(u64) -> u64) {
        for hold in &mut self.live {
            (hold.expires_at, hold.taken_at) = (to(hold.expires_at), to(hold.taken_at));
        }
    }

    /// Those that live at `now`.
    pub(crate) fn at(&self, now: u64) -> impl Iterator<Item = &Hold> {
        self.live.iter().filter(move |hold| hold.expires_at > now)
    }

    /// When the newest of those that lapsed by `now` did.
    pub(crate) fn lapsed_at(&self, now: u64) -> Option<u64> {
        self.live.iter().map(|hold| hold.expires_at).filter(|at| *at <= now).max()
    }

    /// When the next one lapses.
    pub(crate) fn next_lapse(&self) -> Option<u64> {
        self.live.iter().map(|hold| hold.expires_at).min()
    }

    /// Lets go of those that lapsed by `now` and says how many they were.
    pub(crate) fn drop_lapsed(&mut self, now: u64, max_hold_ms: u64) -> u32 {
        let mut lapsed = 0;
        for hold in self.live.extract_if(.., |hold| hold.expires_at <= now) {
            lapsed += 1;
            // One that lived as long as any may is over for good; one that was only not renewed in
            // time can be renewed late.
            if hold.expires_at >= hold.taken_at.saturating_add(max_hold_ms) {
                remember(&mut self.released, &hold.id);
            }
        }
        lapsed
    }

    /// Closes one for good. Whether it was open.
    pub(crate) fn release(&mut self, id: &str) -> bool {
        let open = self.live.iter().position(|hold| hold.id == id);
        open.into_iter().for_each(|index| drop(self.live.swap_remove(index)));
        remember(&mut self.released, id);
        open.is_some()
    }

    /// Takes one or renews it. Whether it is new.
    pub(crate) fn take(&mut self, now: u64, max_hold_ms: u64, report: &HoldReport) -> bool {
        if max_hold_ms == 0 || self.released.contains(&report.id) {
            return false;
        }
        let capped = |taken_at: u64| {
            now.saturating_add(report.ttl_ms).min(taken_at.saturating_add(max_hold_ms))
        };
        if let Some(hold) = self.live.iter_mut().find(|hold| hold.id == report.id) {
            hold.expires_at = hold.expires_at.max(capped(hold.taken_at));
            return false;
        }
        let free = self.live.len() < MAX_HOLDS;
        if free {
            let (id, reason) = (report.id.clone(), report.reason.clone());
            self.live.push(Hold { id, reason, expires_at: capped(now), taken_at: now });
        }
        free
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
