//! What the machine is told.

use super::answer::Answer;
use super::ended::EndedBecause;
use super::facts::{HoldId, Kind, TokenId};
use super::output::RequestId;

/// How a lock was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// It is ours until we let go.
    Granted,
    /// Somebody else has it.
    Busy,
    /// It was ours and another context took it by force.
    Lost,
}

/// Input that was not counted, and why (docs/contract.md, `refused`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Made by a script (`Event.isTrusted` is false).
    Untrusted,
    /// From an origin that is not on the list.
    Origin,
    /// More often than allowed.
    Rate,
    /// Not of the agreed shape.
    Malformed,
}

/// How a page goes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Departure {
    /// `pagehide`: closed, navigated away, or into the back/forward cache.
    Hidden,
    /// `freeze`: stays open and hears nothing until it resumes.
    Frozen,
}

/// Everything that can happen to a context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input<'a> {
    /// Trusted activity.
    Activity {
        /// What was counted.
        kind: Kind,
        /// How long ago it was, in milliseconds, where the page was stalled and the event says so, or
        /// the operating system does. One that is older than what is known moves nothing back.
        age_ms: u64,
    },
    /// Something that was not counted.
    Refused(Refusal),
    /// The screen of this machine was locked now. That it is unlocked needs no input of its own: the
    /// first activity says so.
    Locked,
    /// The timer fired. A hint: nothing follows from it but a look at the clock.
    Wake,
    /// A message of another context.
    Message(&'a [u8]),
    /// The lock of the token was answered.
    Lock(Grant),
    /// The lock of the event stream was answered.
    StreamLock(Grant),
    /// The authority answered a request, or did not.
    Answer {
        /// Which request.
        id: RequestId,
        /// What it said.
        answer: Answer,
    },
    /// The event stream brought something.
    News {
        /// What it said.
        answer: Answer,
        /// How long after the stream began the server said it, in milliseconds, where it tells that. A
        /// page that was stopped reads it late, and so can see that it did.
        at_ms: Option<u64>,
    },
    /// The event stream broke off.
    StreamBroke,
    /// The page can be seen, or can no longer.
    Visible(bool),
    /// The page goes away.
    Leaving(Departure),
    /// The page is back from the back/forward cache or a freeze.
    Returned,
    /// The answer to the warning: "I am here".
    Stay,
    /// Sign out everywhere.
    End(EndedBecause),
    /// Takes or renews a hold.
    Hold {
        /// Its name.
        id: HoldId,
        /// What the app calls it, in UTF-8; cut at [`super::facts::MAX_REASON`] bytes.
        reason: &'a [u8],
        /// How long it lives unless renewed, in milliseconds; the policy caps it.
        ttl_ms: u64,
    },
    /// Releases a hold: the idle time starts anew.
    Release(HoldId),
    /// The page has another token, and another channel unless its group has one: facts move along.
    TokenChanged(TokenId),
    /// The agent leaves for good.
    Close,
}
