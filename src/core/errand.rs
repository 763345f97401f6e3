//! What there is to tell or ask the authority, and when. A pure function of the facts.

use super::facts::{ContextId, Facts, TokenId};
use super::policy::Policy;
use super::rules::{self, answered_since, failed_since};
use super::sender::BOUND_MS;

/// Least time between two keep-alives that tell of holds at the end of a shift, in milliseconds.
const HURRY_MS: u64 = 250;

/// Something that the authority must be told or asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errand {
    /// Tell it of newer activity or of a changed hold.
    KeepAlive,
    /// Ask where the session stands: at the start, and after the clocks jumped.
    Check,
    /// Ask before anybody is warned.
    Warn,
    /// Ask before the session ends.
    End,
}

/// What an errand depends on beside the facts.
#[derive(Debug, Clone, Copy)]
pub struct Situation {
    /// An answer that began before this moment does not count.
    pub check_from: u64,
    /// This context.
    pub id: ContextId,
    /// Its token.
    pub token: TokenId,
    /// Of those with its token it was active last, so it is the natural sender.
    pub own: bool,
    /// Since when there is activity that was not acknowledged, as far as this context knows.
    pub untold_since: u64,
    /// The newest activity that the last keep-alive can have told of.
    pub covered: u64,
    /// How long to leave the sending to the context whose activity it is, in milliseconds.
    pub grace_ms: u64,
    /// How long to leave a question to a context that can be seen, in milliseconds.
    pub patience_ms: u64,
}

/// The next errand and when it is due; a moment that has passed means now.
#[must_use]
pub fn next(facts: &Facts, policy: &Policy, now: u64, at: Situation) -> Option<(u64, Errand)> {
    if facts.ended.is_some() {
        return None;
    }
    let times = &facts.times;
    let retry_at = if times.failure.at > times.answered { times.failure.retry_at } else { 0 };
    let due = rules::due(facts, policy, now);
    // Past the deadline there is one question left, and no late keep-alive.
    if let Some(due) = due
        && now >= due.end_at
    {
        return Some((due.end_at + at.patience_ms, Errand::End));
    }
    if !rules::tried_since(facts, at.check_from) {
        return Some((0, Errand::Check));
    }
    // The soonest; of two at one moment the first that is named here.
    let mut first = (u64::MAX, Errand::End);
    let mut want = |at: u64, errand: Errand| {
        if at < first.0 {
            first = (at, errand);
        }
    };
    if let Some(due) = due {
        want(due.end_at + at.patience_ms, Errand::End);
        if !answered_since(facts, due.warn_at) {
            // One attempt is made whatever failed before; after that the pause counts.
            let tried = failed_since(facts, due.warn_at);
            let due_at = if tried { due.warn_at.max(retry_at) } else { due.warn_at };
            want(due_at + at.patience_ms, Errand::Warn);
        } else if now < due.warn_at {
            // Asked by one whose clock is ahead: nothing to ask then, but to warn.
            want(due.warn_at, Errand::Warn);
        }
    }
    if !answered_since(facts, at.check_from) {
        want(retry_at, Errand::Check);
    }
    // What the authority does not know: since when, and whether this context brought it about.
    let (mut news_at, mut own) = (0, false);
    // Nothing but a hold that the authority knows puts off the end of a shift.
    let shift_over = policy.logout_at.is_some_and(|at| at <= now + policy.keepalive_ms);
    let mut hurry = false;
    // It keeps the session for a hold that it knows of.
    let mut kept = times.held_elsewhere > now;
    if times.activity > times.acknowledged {
        (news_at, own) = (at.untold_since.max(1), at.own);
    }
    for hold in times.holds.values() {
        kept |= hold.told && hold.lives(now);
        if hold.is_news(now) {
            news_at = news_at.max(hold.changed);
            // Who took it, or where that one has left or holds another token, who was active last.
            let row = facts.rows.get(hold.by);
            let tells = row.is_some_and(|row| row.token == at.token && !row.left);
            own |= hold.by == at.id || (at.own && !tells);
            hurry |= shift_over && hold.lives(now);
        }
    }
    if news_at > 0 {
        // One that nobody answered may be lost with its page: another is due within the bound.
        let unanswered = times.sent > times.answered.max(times.failure.at);
        let pause = if unanswered && !own {
            policy.keepalive_ms.min(BOUND_MS - at.grace_ms)
        } else {
            policy.keepalive_ms
        };
        let next = times.sent + pause;
        // The authority must not end it for what it was not told: before its own warning at the latest.
        let mut late = if unanswered || kept {
            u64::MAX - BOUND_MS
        } else {
            times.acknowledged + policy.idle_timeout_ms - policy.warn_before_ms
        };
        // One that answered and did not take it in is not asked over and over.
        if times.activity <= at.covered && times.answered >= times.sent {
            late = late.max(times.sent + BOUND_MS);
        }
        if hurry {
            late = late.min(times.sent + HURRY_MS);
        }
        // The context that brought it about has just been woken by it, and sends. The others leave it to
        // that one, for less time where it is late.
        let next = if own {
            next.min(late)
        } else {
            (next.max(news_at) + at.grace_ms).min(late.max(news_at) + at.grace_ms / 16)
        };
        want(next.max(retry_at), Errand::KeepAlive);
        // Its answer answers the question too, and whoever only asks is in the way of the one that tells.
        if first.1 == Errand::Warn && times.sent + pause <= first.0.max(now) {
            first.1 = Errand::KeepAlive;
        }
    }
    (first.0 < u64::MAX).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::policy::Policy;

    /// Since when the keep-alive is due at 100 s that was last sent at 98 s, and told of what was done until
    /// then: nothing after 50 s was taken in.
    fn due_at(activity: u64, covered: u64) -> Option<(u64, Errand)> {
        let policy = Policy {
            idle_timeout_ms: 60_000,
            warn_before_ms: 20_000,
            keepalive_ms: 30_000,
            ..Policy::DEFAULT
        };
        let mut facts = Facts { policy: Some(policy.clone()), ..Facts::default() };
        let times = &mut facts.times;
        (times.activity, times.acknowledged) = (activity, 50_000);
        (times.sent, times.answered) = (98_000, 98_000);
        let situation = Situation {
            check_from: 1,
            id: 1,
            token: 0,
            own: true,
            untold_since: 99_000,
            covered,
            grace_ms: 2_000,
            patience_ms: 0,
        };
        next(&facts, &policy, 100_000, situation)
    }

    #[test]
    fn what_was_told_and_not_taken_in_waits_for_the_bound() {
        assert_eq!(due_at(97_000, 98_000), Some((98_000 + BOUND_MS, Errand::KeepAlive)));
        assert_eq!(due_at(97_000, 97_000), Some((98_000 + BOUND_MS, Errand::KeepAlive)));
    }

    #[test]
    fn what_was_heard_of_only_after_the_last_keep_alive_was_not_told() {
        assert_eq!(due_at(97_000, 60_000), Some((90_000, Errand::KeepAlive)));
    }
}
