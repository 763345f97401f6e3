//! Messages between contexts: a version, then facts. Nothing else may rely on this format.

use alloc::vec::Vec;

use super::codec::{self, Reader, Wire};
use super::facts::{ContextId, Facts, Hold, MAX_REASON};
use super::policy::{MAX_HOLD_MS, MAX_IDLE_TIMEOUT_MS, Policy};
use super::time::JUMP_MS;

/// The version of this format; another one is ignored.
pub const VERSION: u8 = 1;
/// Longest message, in bytes.
pub const MAX_BYTES: usize = 256 * 1024;
/// Most rows and holds in a message.
const MAX_ENTRIES: usize = 4096;
/// Longest that the authority can let a session live, in milliseconds.
const LONGEST_MS: u64 = MAX_IDLE_TIMEOUT_MS + MAX_HOLD_MS;
/// Longest pause after a failure, in milliseconds.
const MAX_PAUSE_MS: u64 = 10 * 60 * 1000;
/// Eras grow by one with each clock that is set back.
const MAX_ERA_STEP: u32 = 1000;
/// A row's number grows by one with each change; one that could overflow is nobody's.
const MAX_SEQ: u32 = 1 << 31;

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Who says it.
    pub from: ContextId,
    /// A newcomer asks what its peers know.
    pub hello: bool,
    /// What it knows, or the part that is news.
    pub facts: Facts,
}

/// Why a message was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WireError {
    /// Of another version of this library.
    UnknownVersion,
    /// Not of our shape, or with values that nobody can mean.
    Malformed,
}

/// The bytes of a message; `None` if it would be too long to be read.
#[must_use]
pub fn encode(envelope: &Envelope) -> Option<Vec<u8>> {
    write(envelope.from, envelope.hello, &envelope.facts, true)
}

/// The same, with the row of `from` alone unless `all` are wanted.
pub(super) fn write(from: ContextId, hello: bool, facts: &Facts, all: bool) -> Option<Vec<u8>> {
    let mut bytes = alloc::vec![VERSION];
    from.put(&mut bytes);
    hello.put(&mut bytes);
    if all {
        facts.put(&mut bytes);
    } else {
        codec::put_own(facts, from, &mut bytes);
    }
    (bytes.len() <= MAX_BYTES).then_some(bytes)
}

/// Reads a message and checks every value against `now` and the reader's `era`.
///
/// # Errors
/// What is wrong with it. A message with an error changes no fact.
pub fn decode(bytes: &[u8], now: u64, era: u32) -> Result<Envelope, WireError> {
    let (version, body) = bytes.split_first().ok_or(WireError::Malformed)?;
    if *version != VERSION {
        return Err(WireError::UnknownVersion);
    }
    if bytes.len() > MAX_BYTES {
        return Err(WireError::Malformed);
    }
    let envelope = read(body).ok_or(WireError::Malformed)?;
    if is_plausible(&envelope.facts, now, era) { Ok(envelope) } else { Err(WireError::Malformed) }
}

fn read(body: &[u8]) -> Option<Envelope> {
    let reader = &mut Reader::new(body);
    let envelope =
        Envelope { from: Wire::get(reader), hello: Wire::get(reader), facts: Wire::get(reader) };
    reader.is_done().then_some(envelope)
}

fn is_plausible(facts: &Facts, now: u64, era: u32) -> bool {
    let times = &facts.times;
    let failure = times.failure;
    // Two clocks of one machine may differ by a jump that one of them has not noticed yet.
    let latest = now + 2 * JUMP_MS;
    let past =
        [times.activity, times.acknowledged, times.answered, times.sent, times.began, failure.at];
    // Moments of an era that is over are not taken in, so they need not make sense here.
    let moments = times.era < era
        || (past.iter().all(|time| *time <= latest)
            && times.held_elsewhere <= latest + MAX_IDLE_TIMEOUT_MS
            && times.granted <= latest + LONGEST_MS
            && failure.retry_at <= latest + MAX_PAUSE_MS
            && times.holds.values().all(|hold| is_plausible_hold(hold, latest)));
    let wishes = [facts.wish.idle_timeout_ms, facts.wish.warn_before_ms, facts.wish.keepalive_ms];
    moments
        && times.era.saturating_sub(era) <= MAX_ERA_STEP
        && facts.rows.len() <= MAX_ENTRIES
        && facts.rows.values().all(|row| row.seq < MAX_SEQ)
        && times.holds.len() <= MAX_ENTRIES
        && times.holds.values().all(|hold| hold.reason.len() <= MAX_REASON)
        && wishes.iter().flatten().all(|ms| (1..=MAX_IDLE_TIMEOUT_MS).contains(ms))
        && facts.policy.as_ref().is_none_or(Policy::is_plausible)
}

fn is_plausible_hold(hold: &Hold, latest: u64) -> bool {
    hold.changed.max(hold.taken) <= latest && hold.expires <= latest + MAX_HOLD_MS
}
