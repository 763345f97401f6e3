//! Messages between contexts: a version, then facts. Nothing else may rely on this format.

use alloc::vec::Vec;

use super::codec::{self, Reader, Wire};
use super::facts::{ContextId, Facts, Hold, MAX_REASON};
use super::policy::{MAX_HOLD_MS, MAX_IDLE_TIMEOUT_MS, Policy};
use super::time::JUMP_MS;

/// The version of this format; another one is ignored.
pub const VERSION: u8 = 2;
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
    let past = [
        times.activity,
        times.locked,
        times.acknowledged,
        times.answered,
        times.sent,
        times.began,
        failure.at,
        times.observed.at,
    ];
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

#[cfg(test)]
mod tests {
    use super::super::facts::{Counts, Row, Wish};
    use super::*;

    const NOW: u64 = 1_800_000_000_000;
    const ERA: u32 = 7;
    /// Another page's clock may be ahead by a jump that it, or this one, has not noticed yet.
    const LATEST: u64 = NOW + 6_000;
    const HOUR_MS: u64 = 3_600_000;

    fn read(change: impl FnOnce(&mut Facts)) -> Result<(), WireError> {
        let mut facts = Facts::default();
        facts.times.era = ERA;
        change(&mut facts);
        let bytes = encode(&Envelope { from: 5, hello: false, facts }).unwrap();
        decode(&bytes, NOW, ERA).map(drop)
    }

    fn hold() -> Hold {
        Hold {
            released: false,
            expires: NOW,
            changed: NOW,
            taken: NOW,
            by: 1,
            leased: false,
            told: false,
            reason: Vec::new(),
        }
    }

    /// The largest value that makes sense is taken in, the next one is not.
    fn bounded(largest: u64, set: impl Fn(&mut Facts, u64)) {
        assert_eq!(read(|facts| set(facts, largest)), Ok(()), "{largest}");
        let next = read(|facts| set(facts, largest + 1));
        assert_eq!(next, Err(WireError::Malformed), "{}", largest + 1);
    }

    #[test]
    fn no_moment_is_taken_in_that_nobody_can_mean() {
        bounded(LATEST, |facts, at| facts.times.activity = at);
        bounded(LATEST, |facts, at| facts.times.locked = at);
        bounded(LATEST, |facts, at| facts.times.acknowledged = at);
        bounded(LATEST, |facts, at| facts.times.answered = at);
        bounded(LATEST, |facts, at| facts.times.sent = at);
        bounded(LATEST, |facts, at| facts.times.began = at);
        bounded(LATEST, |facts, at| facts.times.failure.at = at);
        bounded(LATEST + 600_000, |facts, at| facts.times.failure.retry_at = at);
        bounded(LATEST + 8 * HOUR_MS, |facts, at| facts.times.held_elsewhere = at);
        bounded(LATEST + 32 * HOUR_MS, |facts, at| facts.times.granted = at);
        let of = |facts: &mut Facts, hold: Hold| facts.times.holds.insert(1, hold);
        bounded(LATEST, |facts, changed| of(facts, Hold { changed, ..hold() }));
        bounded(LATEST, |facts, taken| of(facts, Hold { taken, ..hold() }));
        bounded(LATEST + 24 * HOUR_MS, |facts, expires| of(facts, Hold { expires, ..hold() }));
    }

    #[test]
    fn moments_of_an_era_that_is_over_need_make_no_sense() {
        let future = |era: u32| {
            move |facts: &mut Facts| {
                facts.times.era = era;
                facts.times.activity = 2 * NOW;
            }
        };
        assert_eq!(read(future(ERA - 1)), Ok(()));
        assert_eq!(read(future(ERA)), Err(WireError::Malformed));
        assert_eq!(read(future(ERA + 1)), Err(WireError::Malformed));
    }

    #[test]
    fn no_number_is_taken_in_that_nobody_comes_to() {
        bounded(1_007, |facts, era| facts.times.era = era as u32);
        let row = |facts: &mut Facts, seq| facts.rows.insert(1, Row { seq, ..Row::default() });
        bounded((1 << 31) - 1, |facts, seq| row(facts, seq as u32));
        bounded(64, |facts, length| {
            let reason = alloc::vec![b'x'; length as usize];
            facts.times.holds.insert(1, Hold { reason, ..hold() });
        });
        bounded(8 * HOUR_MS, |facts, ms| facts.wish.idle_timeout_ms = Some(ms));
        bounded(8 * HOUR_MS, |facts, ms| facts.wish.warn_before_ms = Some(ms));
        bounded(8 * HOUR_MS, |facts, ms| facts.wish.keepalive_ms = Some(ms));
        let none = Wish { idle_timeout_ms: Some(0), ..Wish::default() };
        assert_eq!(read(|facts| facts.wish = none), Err(WireError::Malformed));
        bounded(24 * HOUR_MS, |facts, max_hold_ms| {
            facts.policy = Some(Policy { max_hold_ms, ..Policy::DEFAULT });
        });
    }

    #[test]
    fn a_message_is_as_long_as_can_be_read_and_no_longer() {
        let with = |rows: u64, reasons: [usize; 2]| {
            let mut facts = Facts::default();
            // Nobody counts that far; it makes each row as long as it can be.
            let (most, long) = (u32::MAX, u64::MAX);
            let counts = Counts {
                keystrokes: most,
                clicks: most,
                heartbeats: most,
                notes: most,
                system: most,
            };
            for id in 0..rows {
                let row = Row { seq: 1, token: most, counts, sent: most, ..Row::default() };
                facts.rows.insert(long - id, Row { sent_at: long, active_at: long, ..row });
            }
            for (id, length) in reasons.into_iter().enumerate() {
                let reason = alloc::vec![b'x'; length];
                facts.times.holds.insert(id as u64, Hold { reason, ..hold() });
            }
            facts
        };
        let put = |facts: &Facts| {
            let mut bytes = alloc::vec![VERSION, 5, 0];
            facts.put(&mut bytes);
            bytes
        };
        let each = put(&with(2, [0; 2])).len() - put(&with(1, [0; 2])).len();
        let rows = ((MAX_BYTES - put(&with(0, [0; 2])).len()) / each) as u64;
        let rest = MAX_BYTES - put(&with(rows, [0; 2])).len();
        let longest = with(rows, [rest.min(MAX_REASON), rest.saturating_sub(MAX_REASON)]);
        let bytes = encode(&Envelope { from: 5, hello: false, facts: longest }).unwrap();
        assert_eq!(bytes.len(), MAX_BYTES);
        assert!(decode(&bytes, NOW, 0).is_ok());
        let longer = with(rows + 1, [0; 2]);
        assert_eq!(decode(&put(&longer), NOW, 0), Err(WireError::Malformed));
        assert_eq!(encode(&Envelope { from: 5, hello: false, facts: longer }), None);
        assert_eq!(decode(&[], NOW, 0), Err(WireError::Malformed));
    }
}
