//! What a context knows, and how two of them agree: facts only grow, so merging them is
//! commutative, associative and idempotent. Messages may be lost, doubled or reordered and all
//! contexts still come to the same answer (docs/architecture.md, "The one idea").

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::ended::EndedBecause;
use super::map::IdMap;
use super::moments::Times;
use super::policy::{Mode, Policy};

/// Names a context within its group; drawn at random by the shell.
pub type ContextId = u64;
/// Names a token among those of its group, where each page may have one of its own; 0 where all have
/// the same.
pub type TokenId = u32;
/// Names a hold; drawn at random by the context that takes it.
pub type HoldId = u64;

/// Values that know how to take in what another context knows.
pub trait Merge {
    /// Takes in `other`; afterwards `self` holds what either knew.
    fn merge(&mut self, other: &Self);
}

/// Values of which one replaces the other, and no part of the other stays.
pub trait Ranked: Clone {
    /// The higher one is the newer. Two of one rank are one value, or nobody agrees which counts.
    fn rank(&self) -> [u64; 2];
}

/// What counts as activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A trusted key press that is no repeat.
    Keystroke,
    /// A trusted pointer press.
    Click,
    /// An accepted heartbeat of an embedding host.
    Heartbeat,
    /// Activity that the app itself vouches for.
    Note,
    /// Input anywhere on the machine, in whichever program, as the operating system knows it.
    System,
}

/// How much activity of each kind was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Counts {
    /// Trusted key presses.
    pub keystrokes: u32,
    /// Trusted pointer presses.
    pub clicks: u32,
    /// Accepted heartbeats.
    pub heartbeats: u32,
    /// Calls of `note()`.
    pub notes: u32,
    /// Input that the operating system tells of.
    pub system: u32,
}

impl Counts {
    /// Counts one activity.
    pub const fn add(&mut self, kind: Kind) {
        let field = match kind {
            Kind::Keystroke => &mut self.keystrokes,
            Kind::Click => &mut self.clicks,
            Kind::Heartbeat => &mut self.heartbeats,
            Kind::Note => &mut self.notes,
            Kind::System => &mut self.system,
        };
        *field = field.saturating_add(1);
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            keystrokes: self.keystrokes.saturating_add(other.keystrokes),
            clicks: self.clicks.saturating_add(other.clicks),
            heartbeats: self.heartbeats.saturating_add(other.heartbeats),
            notes: self.notes.saturating_add(other.notes),
            system: self.system.saturating_add(other.system),
        }
    }
}

/// What one context says of itself. Only it writes its row, so the highest `seq` is the newest; but
/// whoever finds it gone says so in its place, with the next number, and counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Row {
    /// Grows with each change.
    pub seq: u32,
    /// The token that it holds.
    pub token: TokenId,
    /// The page is gone, or waits in the back/forward cache.
    pub left: bool,
    /// The page is frozen: it is there, and can do nothing for the group.
    pub asleep: bool,
    /// The page can be seen.
    pub visible: bool,
    /// It reads the authority's event stream for the group.
    pub streaming: bool,
    /// What it counted.
    pub counts: Counts,
    /// Keep-alives that it sent.
    pub sent: u32,
    /// When it sent the newest.
    pub sent_at: u64,
    /// Its own newest activity.
    pub active_at: u64,
}

impl Ranked for Row {
    fn rank(&self) -> [u64; 2] {
        [self.seq.into(), self.left.into()]
    }
}

/// An open interaction that keeps the session (docs/architecture.md, "hold").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Released once is released for good.
    pub released: bool,
    /// When it lapses by itself; once released, when that was.
    pub expires: u64,
    /// When it was taken, renewed or released.
    pub changed: u64,
    /// When it was taken: the policy's longest hold counts from here.
    pub taken: u64,
    /// The context that took it.
    pub by: ContextId,
    /// That context renews it while its page lives; otherwise the app does.
    pub leased: bool,
    /// The authority knows of this state.
    pub told: bool,
    /// What the app calls it, in UTF-8: at most [`MAX_REASON`] bytes.
    pub reason: Vec<u8>,
}

impl Hold {
    /// Whether it keeps the session at `now`.
    #[must_use]
    pub const fn lives(&self, now: u64) -> bool {
        !self.released && self.expires > now
    }

    /// Whether the authority must still be told of it at `now`.
    #[must_use]
    pub const fn is_news(&self, now: u64) -> bool {
        !self.told && (self.lives(now) || (self.released && self.expires + RELEASED_MS > now))
    }
}

impl Ranked for Hold {
    /// Released is released for good, and the later end counts. Of two that are otherwise equal the one
    /// of which the authority knows is the newer.
    fn rank(&self) -> [u64; 2] {
        let released = u64::from(self.released) << 63;
        [released | self.expires, self.changed << 1 | u64::from(self.told)]
    }
}

/// How long the authority is told of a released hold, in milliseconds.
pub(super) const RELEASED_MS: u64 = 60_000;
/// Longest reason of a hold, in bytes.
pub const MAX_REASON: usize = 64;

/// What pages ask for; the strictest wish of the group counts (docs/contract.md, section 1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wish {
    /// Idle timeout in milliseconds; the smallest counts.
    pub idle_timeout_ms: Option<u64>,
    /// Warning time in milliseconds; the largest counts.
    pub warn_before_ms: Option<u64>,
    /// Keep-alive interval in milliseconds; the smallest counts.
    pub keepalive_ms: Option<u64>,
    /// Whether ends are carried out; they are unless all ask to observe only.
    pub mode: Mode,
}

impl Merge for Wish {
    fn merge(&mut self, other: &Self) {
        smaller(&mut self.idle_timeout_ms, other.idle_timeout_ms);
        smaller(&mut self.keepalive_ms, other.keepalive_ms);
        self.warn_before_ms = self.warn_before_ms.max(other.warn_before_ms);
        self.mode = self.mode.min(other.mode);
    }
}

/// Takes in the smaller of two wishes, where there are any.
fn smaller(mine: &mut Option<u64>, other: Option<u64>) {
    if let Some(wished) = other
        && mine.is_none_or(|mine| wished < mine)
    {
        *mine = other;
    }
}

/// All that a context knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Moments.
    pub times: Times,
    /// What each context says of itself.
    pub rows: IdMap<Row>,
    /// The authority's rules; the highest version counts.
    pub policy: Option<Policy>,
    /// What pages ask for.
    pub wish: Wish,
    /// Once ended stays ended.
    pub ended: Option<EndedBecause>,
    /// Somebody signed out: it is over for every token of the group.
    pub everywhere: bool,
}

impl Facts {
    /// What the whole group counted.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.rows.values().fold(Counts::default(), |sum, row| sum.plus(row.counts))
    }

    /// Takes in a policy, and says whether it is newer than what was known.
    pub fn learn(&mut self, policy: &Option<Policy>) -> bool {
        let newer = policy.as_ref().map(Policy::rank) > self.policy.as_ref().map(Policy::rank);
        if newer {
            self.policy.clone_from(policy);
        }
        newer
    }

    /// What is left of it for whoever holds another token than the context that says it.
    pub fn of_the_group(&mut self) {
        self.times = ::core::mem::take(&mut self.times).of_the_group();
        self.ended = self.ended.filter(|_| self.everywhere);
    }

    /// The contexts that have not left.
    pub fn live(&self) -> impl Iterator<Item = (ContextId, &Row)> {
        self.rows.iter().filter(|(_, row)| !row.left).map(|(id, row)| (*id, row))
    }
}

impl Merge for Facts {
    fn merge(&mut self, other: &Self) {
        self.times.merge(&other.times);
        for (id, row) in other.rows.iter() {
            self.rows.raise(*id, row);
        }
        self.learn(&other.policy);
        self.wish.merge(&other.wish);
        self.ended = match (self.ended, other.ended) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self.everywhere |= other.everywhere;
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::core) fn hold(released: bool, told: bool) -> Hold {
        let (expires, changed, taken) = (100_000, 90_000, 80_000);
        Hold { released, expires, changed, taken, by: 1, leased: false, told, reason: Vec::new() }
    }

    #[test]
    fn a_hold_is_over_at_the_moment_at_which_it_lapses() {
        let open = hold(false, false);
        assert!(open.lives(99_999));
        // A report that gave it no time would call it released.
        assert!(!open.lives(100_000));
    }

    #[test]
    fn a_release_is_told_for_a_minute_and_nothing_twice() {
        let cases = [
            (hold(false, false), 99_999, true, "it lives"),
            (hold(false, false), 100_000, false, "it lapsed: the authority knows when that is"),
            (hold(true, false), 100_000, true, "it was released just now"),
            (hold(true, false), 159_999, true, "less than a minute ago"),
            (hold(true, false), 160_000, false, "a minute ago"),
            (hold(false, true), 99_999, false, "it was told"),
            (hold(true, true), 100_000, false, "its release was told"),
        ];
        for (hold, now, news, why) in cases {
            assert_eq!(hold.is_news(now), news, "{why}");
        }
    }
}
