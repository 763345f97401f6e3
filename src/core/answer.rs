//! What an answer of the authority changes.

use super::agent::Agent;
use super::ended::EndedBecause;
use super::moments::Failure;
use super::output::{Event, Fault};
use super::policy::{MAX_HOLD_MS, MAX_IDLE_TIMEOUT_MS, Mode, Policy};
use super::rules;
use super::time::JUMP_MS;

/// Rounding of two clocks to whole milliseconds, and no more.
const ROUNDING_MS: u64 = 20;
/// By how much the clocks of two pages may differ unnoticed. What an answer says of so little more
/// counts for its own token: told to the others of the group, it would come back as later still, and
/// nobody would ever be out.
const UNNOTICED_MS: u64 = 2 * JUMP_MS;
/// First pause after a failure; it doubles with each further one.
const BACKOFF_MS: u64 = 1000;
/// Longest pause after a failure.
const BACKOFF_CAP_MS: u64 = 60_000;
/// Longest `Retry-After` that is honoured.
const RETRY_AFTER_CAP_MS: u64 = 300_000;

/// Longest that nobody can have been active: an authority that only observes forgets a session after 30
/// days (NIST SP 800-63B-4, 2.1.3), a day more than that.
const LONGEST_ABSENCE_MS: u64 = 31 * 24 * 60 * 60 * 1000;

/// The token lives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Alive {
    /// How long nobody was active, as the authority knows.
    pub idle_ms: Option<u64>,
    /// How long it has left.
    pub remaining_ms: Option<u64>,
    /// An interaction is open, as the authority knows.
    pub held: bool,
    /// The rules in force.
    pub policy: Option<Policy>,
}

/// What the authority said (docs/contract.md, section 1, `KeepAlive`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The token lives.
    Alive(Alive),
    /// The token is dead.
    Gone(EndedBecause),
    /// No answer came in time, or one that says "later".
    Unreachable {
        /// When to try again at the earliest.
        retry_after_ms: Option<u64>,
    },
    /// An answer came that makes no sense.
    Invalid,
}

impl Alive {
    /// Whether every number is one that an authority can mean.
    pub(super) fn is_plausible(&self) -> bool {
        let max = MAX_IDLE_TIMEOUT_MS + MAX_HOLD_MS;
        self.idle_ms.is_none_or(|ms| ms <= LONGEST_ABSENCE_MS)
            && self.remaining_ms.is_none_or(|ms| ms <= max)
            && self.policy.as_ref().is_none_or(Policy::is_plausible)
    }

    /// The idle time, said or reckoned from what is left of the timeout.
    fn idle(&self, policy: &Policy) -> Option<u64> {
        let policy = self.policy.as_ref().unwrap_or(policy);
        let reckoned = || self.remaining_ms.map(|ms| policy.idle_timeout_ms.saturating_sub(ms));
        self.idle_ms.or_else(reckoned)
    }
}

impl Agent {
    /// Takes in the answer to a request that began at `began`. `covers` is the activity that a keep-alive
    /// reported.
    pub(super) fn answered(&mut self, began: u64, covers: Option<u64>, answer: Answer) {
        match answer {
            Answer::Alive(alive) if alive.is_plausible() => {
                self.alive(began, covers, alive);
                self.facts.times.answered = self.facts.times.answered.max(began);
                // The authority would let it live: if our deadline is the stricter, tell it. A lock that came
                // before the first answer may have made it so.
                self.tell_end = true;
                self.fault_said = None;
                self.news();
            }
            Answer::Gone(because) => self.end(because),
            Answer::Unreachable { retry_after_ms } => {
                self.failed(began, retry_after_ms, Fault::Unreachable);
            }
            Answer::Alive(_) | Answer::Invalid => self.failed(began, None, Fault::BadAnswer),
        }
    }

    /// Takes in what the authority said at `began` or after: as an answer, or of its own accord. Where nobody
    /// has asked, whoever has the lock is not done, and what was sent is not answered.
    pub(super) fn alive(&mut self, began: u64, covers: Option<u64>, mut alive: Alive) {
        let now = self.now();
        if self.facts.learn(&alive.policy) {
            self.emit(Event::Policy);
        }
        // One that only observes says when the next end would be: that grants nothing, and does not say
        // since when nobody was active.
        if self.facts.policy.as_ref().is_some_and(|policy| policy.mode == Mode::Observe) {
            alive.remaining_ms = None;
        }
        let idle = alive.idle(&rules::policy(&self.facts));
        if began >= self.check_from {
            self.explain_jump(idle);
            self.explain_set_back(alive.idle_ms);
        }
        // The authority's newest activity lies between these two: the answer took its time. The
        // others are told of the earlier one, or what one token tells the next would be later each
        // time. The deadline counts from the later one, so that ours is never before the authority's
        // and one question at the deadline is enough.
        let earliest = idle.map(|ms| began.saturating_sub(ms));
        let latest = idle.map(|ms| now.saturating_sub(ms));
        // One that says it knows of older activity than it was told did not take it in, such as one that
        // slides only in the second half of its window. It is told again.
        let taken = |at: &u64| alive.idle_ms.is_none_or(|ms| now + ROUNDING_MS >= *at + ms);
        let covers = covers.filter(taken);
        let times = &mut self.facts.times;
        let told = covers == Some(times.activity);
        let known = times.activity.max(times.acknowledged);
        let locked = rules::is_locked(&self.facts, now);
        let times = &mut self.facts.times;
        let said = covers.max(earliest).unwrap_or(0);
        times.acknowledged = times.acknowledged.max(said);
        if times.activity == 0 {
            times.activity = earliest.unwrap_or(self.started);
            times.acknowledged = latest.unwrap_or(self.started);
        } else if let (Some(earliest), Some(latest)) = (earliest, latest) {
            if earliest > known + ROUNDING_MS {
                // Somebody whom we can't hear was active: another partition, browser or device.
                times.acknowledged = latest;
                // It takes a lock back, once, however little newer it is than what was done here.
                if earliest > times.activity + UNNOTICED_MS
                    || (locked && earliest > times.locked + ROUNDING_MS)
                {
                    self.learn_activity(earliest);
                }
            } else if told {
                // A key pressed since then is news of its own.
                times.acknowledged = times.acknowledged.max(latest);
            }
        }
        let times = &mut self.facts.times;
        if let Some(ms) = alive.remaining_ms {
            times.granted = times.granted.max(now + ms);
        }
        // A hold of our own group is known better here.
        if alive.held && !self.knows_a_hold(began) {
            let again = now + rules::policy(&self.facts).keepalive_ms;
            self.facts.times.held_elsewhere = self.facts.times.held_elsewhere.max(again);
        }
    }

    /// There are other rules, by the authority or by what a page asks for, and no answer under them
    /// yet: where they make it late already, what was answered or failed before decides nothing.
    pub(super) fn rules_changed(&mut self) {
        self.emit(Event::Policy);
        let late = self.due().is_some_and(|due| self.now() >= due.warn_at);
        if late && self.ahead_by == 0 {
            self.check_from = self.now();
        }
    }

    fn failed(&mut self, began: u64, retry_after_ms: Option<u64>, fault: Fault) {
        let times = &self.facts.times;
        let in_a_row = if times.failure.at > times.answered {
            times.failure.in_a_row.saturating_add(1)
        } else {
            1
        };
        let ceiling =
            BACKOFF_MS.saturating_mul(1 << u32::from(in_a_row.min(6))).min(BACKOFF_CAP_MS);
        // Jitter, so that the groups of a whole call centre don't come back as one; over half of the
        // pause, so that three minutes are never more than 12 requests.
        let pause = ceiling / 2 + self.below(ceiling / 2);
        let pause = pause.max(retry_after_ms.unwrap_or(0).min(RETRY_AFTER_CAP_MS));
        let retry_at = self.line.now().saturating_add(pause);
        let times = &mut self.facts.times;
        times.failure = times.failure.max(Failure { at: began, in_a_row, retry_at });
        if times.activity == 0 {
            // Nobody could be asked: the time counts from the start, by our own reckoning.
            times.activity = self.started;
            times.acknowledged = times.activity;
        }
        if self.fault_said != Some(fault) {
            self.fault_said = Some(fault);
            self.emit(Event::Fault(fault));
        }
        self.news();
    }
}
