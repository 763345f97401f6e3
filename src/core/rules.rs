//! What follows from the facts at a moment: the rules in force, the deadline, the phase.
//! Pure functions, so contexts that share facts cannot drift.

use super::facts::Facts;
use super::policy::{
    MIN_DEV_IDLE_TIMEOUT_MS, MIN_IDLE_TIMEOUT_MS, MIN_KEEPALIVE_MS, Mode, OnLock, Policy,
};

/// Where a session stands (docs/contract.md, section 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Somebody was active within the timeout.
    Active,
    /// The warning is due, and the authority knows of no newer activity.
    Warning,
    /// An interaction is open: nobody is logged out.
    Held,
    /// Not known yet: peers or the authority are being asked.
    Checking,
    /// Over.
    Ended,
}

/// The policy in force: the authority's bounds what pages ask for, the stricter wins
/// (docs/architecture.md, rule 11). Without an authority's policy a page's wish replaces the
/// default.
#[must_use]
pub fn policy(facts: &Facts) -> Policy {
    let mut policy = bounded(facts);
    policy.mode = policy.mode.max(facts.wish.mode);
    policy
}

fn bounded(facts: &Facts) -> Policy {
    let wish = facts.wish;
    let Some(policy) = &facts.policy else {
        let base = Policy::DEFAULT;
        let idle =
            wish.idle_timeout_ms.map_or(base.idle_timeout_ms, |ms| ms.max(MIN_IDLE_TIMEOUT_MS));
        return Policy {
            idle_timeout_ms: idle,
            warn_before_ms: wish.warn_before_ms.unwrap_or(base.warn_before_ms).min(idle / 2),
            keepalive_ms: wish
                .keepalive_ms
                .unwrap_or(base.keepalive_ms)
                .clamp(MIN_KEEPALIVE_MS, idle),
            ..base
        };
    };
    // Times under 5 minutes are for an authority in development mode, never a page's choice.
    let floor = if policy.idle_timeout_ms < MIN_IDLE_TIMEOUT_MS {
        MIN_DEV_IDLE_TIMEOUT_MS
    } else {
        MIN_IDLE_TIMEOUT_MS
    };
    let stricter = |mine: u64, wish: Option<u64>| wish.map_or(mine, |wish| wish.min(mine));
    let idle = stricter(policy.idle_timeout_ms, wish.idle_timeout_ms).max(floor);
    // What pages ask for never makes more than half of the time a warning: with nearly all of it each
    // key would end one and begin the next, and ask the authority. What the policy says counts.
    let mut warn = policy.warn_before_ms.max(wish.warn_before_ms.unwrap_or(0).min(idle / 2));
    if idle < policy.idle_timeout_ms {
        warn = warn.min(idle / 2);
    }
    let keepalive = stricter(policy.keepalive_ms, wish.keepalive_ms).clamp(MIN_KEEPALIVE_MS, idle);
    Policy {
        idle_timeout_ms: idle,
        warn_before_ms: warn,
        keepalive_ms: keepalive,
        ..policy.clone()
    }
}

/// When the newest live hold lapses, if one lives.
#[must_use]
pub fn held_until(facts: &Facts, now: u64) -> Option<u64> {
    let mut until = facts.times.held_elsewhere;
    for hold in facts.times.holds.values() {
        if hold.lives(now) {
            until = until.max(hold.expires);
        }
    }
    (until > now).then_some(until)
}

/// From when the idle time counts: the newest activity, as it is known here or as the authority may
/// have it at the latest, or the moment at which a hold lapsed.
/// (A release is an activity of its own.) 0 while nothing is known.
#[must_use]
pub fn basis(facts: &Facts, now: u64) -> u64 {
    busy_until(facts, now).max(facts.times.acknowledged)
}

/// The same as far as it is known here: the newest activity, or the moment at which a hold lapsed.
fn busy_until(facts: &Facts, now: u64) -> u64 {
    let mut from = facts.times.activity;
    for hold in facts.times.holds.values() {
        if !hold.released && hold.expires <= now {
            from = from.max(hold.expires);
        }
    }
    from
}

/// Whether the screen was locked, and nobody was busy since. What the authority acknowledged does not say
/// so: it is as late as it can be, and the very key that locks the screen would be later than the lock.
#[must_use]
pub fn is_locked(facts: &Facts, now: u64) -> bool {
    facts.times.locked > busy_until(facts, now)
}

/// When the warning and the end are due. `None` while held or while nothing is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// When people are to be warned.
    pub warn_at: u64,
    /// When the session is over.
    pub end_at: u64,
    /// The policy's clock time comes before the idle timeout.
    pub scheduled: bool,
    /// Nothing ends, and the report says what would have.
    pub observed: bool,
}

/// The warning and the deadline at `now`.
#[must_use]
pub fn due(facts: &Facts, policy: &Policy, now: u64) -> Option<Due> {
    let basis = basis(facts, now);
    if basis == 0 || held_until(facts, now).is_some() {
        return None;
    }
    // Past an end that was only observed the next one is as far away as after activity, and the
    // policy's clock time is over.
    let observed = policy.mode == Mode::Observe;
    let seen = if observed { facts.times.observed.at } else { 0 };
    let idle_at = basis.max(seen).saturating_add(policy.idle_timeout_ms);
    // The authority says by its own clock when that moment is; this machine's may be wrong. A hold
    // that outlived it put it off until the hold was over.
    let scheduled_at = |at: u64| at.max(facts.times.granted).max(basis).min(idle_at);
    let planned_at = policy.logout_at.filter(|at| *at > seen).map_or(idle_at, scheduled_at);
    // A locked screen is waited on no longer than that.
    let patience_ms = match policy.on_lock {
        OnLock::Nothing => u64::MAX,
        OnLock::Warn => policy.warn_before_ms,
        OnLock::End => 0,
    };
    let locked = facts.times.locked;
    let locked_at = if locked > seen && is_locked(facts, now) {
        locked.max(basis).saturating_add(patience_ms)
    } else {
        u64::MAX
    };
    let end_at = planned_at.min(locked_at);
    // What the authority called held is asked again before anything is decided.
    let again = facts.times.held_elsewhere;
    Some(Due {
        warn_at: end_at.saturating_sub(policy.warn_before_ms).max(again),
        end_at: end_at.max(again),
        scheduled: planned_at < idle_at.min(locked_at),
        observed,
    })
}

/// Whether somebody asked the authority at or after `moment`, and so what it knew is a fact.
#[must_use]
pub fn answered_since(facts: &Facts, moment: u64) -> bool {
    facts.times.answered >= moment && facts.times.answered > 0
}

/// Whether somebody tried to ask at or after `moment` in vain.
#[must_use]
pub fn failed_since(facts: &Facts, moment: u64) -> bool {
    facts.times.failure.at >= moment && facts.times.failure.at > 0
}

/// Whether somebody asked at or after `moment`, answered or not.
#[must_use]
pub fn tried_since(facts: &Facts, moment: u64) -> bool {
    answered_since(facts, moment) || failed_since(facts, moment)
}

/// The phase at `now` of a context that has caught up with its peers and the authority.
#[must_use]
pub fn phase(facts: &Facts, policy: &Policy, now: u64) -> Phase {
    if facts.ended.is_some() {
        return Phase::Ended;
    }
    if held_until(facts, now).is_some() {
        return Phase::Held;
    }
    match due(facts, policy, now) {
        None => Phase::Checking,
        Some(due) if now >= due.end_at => Phase::Checking,
        // Ask before you warn: nobody is warned while active elsewhere.
        Some(due) if now >= due.warn_at && tried_since(facts, due.warn_at) => Phase::Warning,
        Some(_) => Phase::Active,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::facts::Wish;

    fn asked(policy: Option<Policy>, idle: Option<u64>, warn: Option<u64>) -> (u64, u64) {
        let wish = Wish { idle_timeout_ms: idle, warn_before_ms: warn, ..Wish::default() };
        let in_force = super::policy(&Facts { policy, wish, ..Facts::default() });
        (in_force.idle_timeout_ms, in_force.warn_before_ms)
    }

    #[test]
    fn no_wish_makes_more_than_half_of_the_time_a_warning() {
        let policy =
            Policy { idle_timeout_ms: 1_200_000, warn_before_ms: 400_000, ..Policy::DEFAULT };
        let asked = |idle, warn| asked(Some(policy.clone()), idle, warn);
        assert_eq!(asked(None, None), (1_200_000, 400_000));
        assert_eq!(asked(None, Some(1_199_999)), (1_200_000, 600_000));
        assert_eq!(asked(Some(600_000), None), (600_000, 300_000), "with a shorter timeout");
        assert_eq!(asked(Some(900_000), None), (900_000, 400_000), "where it fits");
        assert_eq!(asked(Some(2_000_000), Some(1)), (1_200_000, 400_000), "the stricter wins");
        assert_eq!(super::tests::asked(None, Some(400_000), Some(399_999)), (400_000, 200_000));
    }

    #[test]
    fn a_page_can_wish_for_a_shorter_interval_and_for_no_longer_one() {
        let asked = |policy: Option<&Policy>, keepalive_ms| {
            let wish = Wish { keepalive_ms: Some(keepalive_ms), ..Wish::default() };
            let facts = Facts { policy: policy.cloned(), wish, ..Facts::default() };
            super::policy(&facts).keepalive_ms
        };
        let policy = Policy { keepalive_ms: 20_000, ..Policy::DEFAULT };
        assert_eq!(asked(Some(&policy), 10_000), 10_000);
        assert_eq!(asked(Some(&policy), 40_000), 20_000, "the stricter wins");
        assert_eq!(asked(Some(&policy), 1), 1_000, "no more than one a second");
        assert_eq!(asked(None, 10_000), 10_000, "before the authority has spoken");
        assert_eq!(asked(None, u64::MAX), 900_000, "once in the timeout at least");
    }

    #[test]
    fn under_a_policy_of_five_minutes_no_page_can_wish_for_less() {
        let of = |ms| Policy { idle_timeout_ms: ms, warn_before_ms: 20_000, ..Policy::DEFAULT };
        assert_eq!(asked(Some(of(300_000)), Some(60_000), None).0, 300_000);
        assert_eq!(asked(Some(of(299_999)), Some(60_000), None).0, 60_000, "in development mode");
    }

    #[test]
    fn what_the_policy_says_of_the_warning_counts() {
        let policy =
            Policy { idle_timeout_ms: 600_000, warn_before_ms: 599_000, ..Policy::DEFAULT };
        assert_eq!(asked(Some(policy), None, None), (600_000, 599_000));
    }
}
