//! What the machine wants done.

use alloc::vec::Vec;

use super::ended::EndedBecause;
use super::facts::{Counts, HoldId};
use super::input::Refusal;
use super::rules::Phase;

/// Names a request of this context.
pub type RequestId = u32;

/// A hold as the authority is told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldReport {
    /// Its name.
    pub id: HoldId,
    /// What the app calls it, in UTF-8.
    pub reason: Vec<u8>,
    /// How long it has left in milliseconds; 0 says that it was released.
    pub ttl_ms: u64,
}

/// The content of a keep-alive (docs/contract.md, section 3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// How long ago the newest activity was, in milliseconds.
    pub age_ms: u64,
    /// What the whole group counted so far.
    pub counts: Counts,
    /// How many contexts the group has.
    pub contexts: u32,
    /// Open holds, and those released lately.
    pub holds: Vec<HoldReport>,
}

/// What a request is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Tell the authority when the user was last active.
    KeepAlive {
        /// What to tell.
        report: Report,
        /// The page is going: the request must outlive it (`fetch` with `keepalive`).
        flush: bool,
    },
    /// Ask for the state; extends nothing.
    Ask,
    /// End the token.
    End(EndedBecause),
}

/// A request to the authority. It must be answered within [`super::sender::BOUND_MS`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Comes back with the answer.
    pub id: RequestId,
    /// What it is for.
    pub what: What,
}

/// Something went wrong outside; said once each time it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A message on the channel was not of our shape.
    BadMessage,
    /// A message on the channel is of another version of this library.
    UnknownVersion,
    /// The authority does not answer.
    Unreachable,
    /// The authority's answer makes no sense.
    BadAnswer,
}

/// What the app is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The phase changed.
    Phase(Phase),
    /// There is newer activity in the group; at most a few a second.
    Activity,
    /// A keep-alive of this context was answered, or was not.
    KeepAlive,
    /// The policy changed.
    Policy,
    /// Input was refused.
    Refused(Refusal),
    /// Something went wrong outside.
    Fault(Fault),
    /// The session is over. Nothing follows.
    Ended(EndedBecause),
    /// The session would be over.
    Observed(EndedBecause),
}

/// Why the machine wants to be woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Peers had their time to answer a newcomer.
    Join,
    /// No other peer greeted the newcomer.
    Greet,
    /// The pause between two broadcasts is over.
    Share,
    /// A keep-alive is due.
    KeepAlive,
    /// The authority is to be asked where the session stands.
    Check,
    /// The warning is due.
    Warn,
    /// The deadline.
    End,
    /// A hold lapses.
    Hold,
    /// A request has had its time, or a busy lock is tried again.
    Bound,
    /// The event stream is tried again.
    Stream,
}

/// When the machine wants to look at the clock again, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wakeup {
    /// The moment, on the machine's timeline.
    pub at: u64,
    /// Why.
    pub reason: Reason,
}

/// Longest delay that a timer takes, in milliseconds: 2^31 - 1 (HTML, "timers"; a longer one fires
/// at once).
const MAX_DELAY_MS: u64 = 0x7fff_ffff;

impl Wakeup {
    /// For how long a timer is set at `now`, in milliseconds. A moment that is further away than any
    /// timer goes is looked at once more on the way.
    #[must_use]
    pub fn delay_ms(self, now: u64) -> u32 {
        self.at.saturating_sub(now).min(MAX_DELAY_MS) as u32
    }
}

/// One effect. Drain them after each input until [`Output::Wait`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Send this to all other contexts of the group.
    Broadcast(Vec<u8>),
    /// Ask for the lock of the token, without queueing.
    TakeLock {
        /// Take it from whoever holds it.
        force: bool,
    },
    /// Let go of the lock of the token.
    ReleaseLock,
    /// Send a request.
    Request(Request),
    /// Abort a request; no answer is wanted.
    Abort(RequestId),
    /// Ask for the lock of the event stream, without queueing.
    TakeStream {
        /// Take it from whoever holds it.
        force: bool,
    },
    /// Read the event stream (again).
    Listen,
    /// Stop reading and let go of the stream's lock.
    LeaveStream,
    /// Tell the app.
    Event(Event),
    /// Nothing more now; look again at that moment, if there is one.
    Wait(Option<Wakeup>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_in_a_month_is_waited_for_in_steps_that_a_timer_can_take() {
        const DAY_MS: u64 = 24 * 60 * 60 * 1000;
        let wake = Wakeup { at: 30 * DAY_MS, reason: Reason::End };
        let first = wake.delay_ms(0);
        assert_eq!(first, 2_147_483_647, "just under 25 days");
        let rest = wake.delay_ms(u64::from(first));
        assert_eq!(u64::from(first) + u64::from(rest), wake.at);
        assert_eq!(wake.delay_ms(wake.at + 1), 0, "what is over is due now");
    }
}
