//! Values drawn from the fuzzer's bytes: mostly those that somebody can mean, now and then any.

use arbitrary::{Result, Unstructured};
use stillhere::core::answer::{Alive, Answer};
use stillhere::core::ended::EndedBecause;
use stillhere::core::facts::{Counts, Facts, Hold, Kind, Row, Wish};
use stillhere::core::moments::{Failure, Times};
use stillhere::core::observed::Observed;
use stillhere::core::policy::{Counted, Mode, OnLock, Policy};

use super::driver::{ME, START};

pub type Bytes<'a> = Unstructured<'a>;

/// One of these.
pub fn one<T: Copy>(bytes: &mut Bytes<'_>, of: &[T]) -> Result<T> {
    bytes.choose(of).copied()
}

/// A duration or count, mostly small.
pub fn amount(bytes: &mut Bytes<'_>) -> Result<u64> {
    Ok(match bytes.int_in_range(0..=9)? {
        0 => 0,
        1..=4 => bytes.int_in_range(0..=5_000)?,
        5..=7 => bytes.int_in_range(0..=100_000)?,
        8 => bytes.int_in_range(0..=90_000_000)?,
        _ => bytes.arbitrary()?,
    })
}

/// A moment, mostly near `now`.
fn moment(bytes: &mut Bytes<'_>, now: u64) -> Result<u64> {
    let near = bytes.int_in_range(0..=20_000)?;
    Ok(match bytes.int_in_range(0..=31)? {
        0 => one(bytes, &[u64::MAX, u64::MAX - 30_000, now * 2, 1 << 53])?,
        1 => now + near,
        2..=8 => now + near % 6_000,
        9..=12 => 0,
        _ => now.saturating_sub(near),
    })
}

fn name(bytes: &mut Bytes<'_>) -> Result<u64> {
    one(bytes, &[ME, ME, 1, 2, 3, 4, 500, u64::MAX])
}

pub fn reason(bytes: &mut Bytes<'_>) -> Result<Vec<u8>> {
    let length = one(bytes, &[0, 1, 4, 4, 4, 21, 22, 64, 65, 200])?;
    let character = one(bytes, &["a", "ö", "\u{0}", "\u{10ffff}", "☎"])?;
    Ok(character.repeat(length).into_bytes())
}

pub fn because(bytes: &mut Bytes<'_>) -> Result<EndedBecause> {
    one(bytes, &EndedBecause::ALL)
}

pub fn kind(bytes: &mut Bytes<'_>) -> Result<Kind> {
    one(bytes, &[Kind::Keystroke, Kind::Click, Kind::Heartbeat, Kind::Note])
}

fn counts(bytes: &mut Bytes<'_>) -> Result<Counts> {
    let [keystrokes, clicks, heartbeats, notes] = bytes.arbitrary()?;
    // Of what was drawn already: the committed inputs stay what they are.
    Ok(Counts { keystrokes, clicks, heartbeats, notes, system: notes / 3 })
}

fn row(bytes: &mut Bytes<'_>, now: u64) -> Result<Row> {
    let seq = if bytes.ratio(1, 16)? {
        one(bytes, &[u32::MAX, 1 << 31, (1 << 31) - 999])?
    } else {
        bytes.int_in_range(0..=50)?
    };
    let [left, asleep, visible, streaming] = bytes.arbitrary()?;
    let (sent_at, active_at) = (moment(bytes, now)?, moment(bytes, now)?);
    let counts = counts(bytes)?;
    Ok(Row {
        seq,
        left,
        asleep,
        visible,
        streaming,
        counts,
        sent: bytes.arbitrary()?,
        sent_at,
        active_at,
        token: one(bytes, &[0, 0, 0, 1, u32::MAX])?,
    })
}

fn hold(bytes: &mut Bytes<'_>, id: u64, now: u64) -> Result<Hold> {
    let [released, leased, told] = bytes.arbitrary()?;
    Ok(Hold {
        released,
        expires: moment(bytes, now)?,
        changed: moment(bytes, now)?,
        // A hold is taken once, whoever tells of it.
        taken: if bytes.ratio(1, 31)? { u64::MAX } else { START - id % 7 * 1_000 },
        by: name(bytes)?,
        leased,
        told,
        reason: reason(bytes)?,
    })
}

fn times(bytes: &mut Bytes<'_>, now: u64) -> Result<Times> {
    let mut times = Times {
        era: one(bytes, &[0, 0, 0, 0, 0, 0, 1, 2, 1000, u32::MAX])?,
        activity: moment(bytes, now)?,
        acknowledged: moment(bytes, now)?,
        answered: moment(bytes, now)?,
        sent: moment(bytes, now)?,
        began: moment(bytes, now)?,
        held_elsewhere: moment(bytes, now)?,
        granted: moment(bytes, now)?,
        failure: Failure {
            at: moment(bytes, now)?,
            in_a_row: bytes.arbitrary()?,
            retry_at: moment(bytes, now)?,
        },
        ..Times::default()
    };
    // As above.
    times.locked = times.sent.max(times.answered).saturating_sub(500);
    let Failure { at, in_a_row, .. } = times.failure;
    let because = EndedBecause::ALL.get(usize::from(in_a_row % 8)).copied();
    let ends = in_a_row.into();
    times.observed = Observed { at, idle_ms: ends, because, ends };
    for _ in 0..bytes.int_in_range(0..=3)? {
        let id = name(bytes)?;
        times.holds.insert(id, hold(bytes, id, now)?);
    }
    Ok(times)
}

fn wished(bytes: &mut Bytes<'_>) -> Result<Option<u64>> {
    Ok(if bytes.ratio(1, 3)? { Some(amount(bytes)?) } else { None })
}

pub fn wish(bytes: &mut Bytes<'_>) -> Result<Wish> {
    let (idle_timeout_ms, warn_before_ms) = (wished(bytes)?, wished(bytes)?);
    let mode =
        if warn_before_ms.is_some_and(|ms| ms % 2 == 1) { Mode::Observe } else { Mode::Enforce };
    Ok(Wish { idle_timeout_ms, warn_before_ms, keepalive_ms: wished(bytes)?, mode })
}

pub fn policy(bytes: &mut Bytes<'_>, now: u64) -> Result<Policy> {
    let idle_timeout_ms = one(bytes, &[10_000, 300_000, 1_000, 28_800_000, 999, 0, u64::MAX])?;
    let [keystrokes, clicks, heartbeats] = bytes.arbitrary()?;
    let mut policy = Policy {
        version: one(bytes, &[0, 1, 2, 3, now, u64::MAX])?,
        idle_timeout_ms,
        warn_before_ms: one(bytes, &[0, 500, 4_000, 9_999, 20_000, u64::MAX])?,
        keepalive_ms: one(bytes, &[1_000, 1_000, 2_000, 10_000, 28_800_000, 0])?,
        logout_at: if bytes.ratio(1, 4)? { Some(moment(bytes, now)?) } else { None },
        mode: one(bytes, &[Mode::Enforce, Mode::Observe])?,
        counts: Counted { keystrokes, clicks, heartbeats, system: keystrokes != clicks },
        max_hold_ms: one(bytes, &[0, 1_000, 60_000, 86_400_000, 86_400_001])?,
        ..Policy::DEFAULT
    };
    // As above.
    let Policy { warn_before_ms, keepalive_ms, .. } = policy;
    policy.on_lock = OnLock::ALL[(warn_before_ms ^ keepalive_ms) as usize % 3];
    Ok(policy)
}

fn perhaps_policy(bytes: &mut Bytes<'_>, now: u64) -> Result<Option<Policy>> {
    Ok(if bytes.ratio(1, 3)? { Some(policy(bytes, now)?) } else { None })
}

/// What another context may say that it knows.
pub fn facts(bytes: &mut Bytes<'_>, now: u64) -> Result<Facts> {
    let mut facts = Facts {
        times: times(bytes, now)?,
        policy: perhaps_policy(bytes, now)?,
        wish: wish(bytes)?,
        ended: if bytes.ratio(1, 24)? { Some(because(bytes)?) } else { None },
        ..Facts::default()
    };
    for _ in 0..bytes.int_in_range(0..=4)? {
        facts.rows.insert(name(bytes)?, row(bytes, now)?);
    }
    facts.everywhere = bytes.ratio(1, 8)?;
    Ok(facts)
}

pub fn answer(bytes: &mut Bytes<'_>, now: u64) -> Result<Answer> {
    Ok(match bytes.int_in_range(0..=11)? {
        0 => Answer::Gone(because(bytes)?),
        1 | 2 => Answer::Unreachable { retry_after_ms: wished(bytes)? },
        3 => Answer::Invalid,
        _ => Answer::Alive(Alive {
            idle_ms: wished(bytes)?,
            remaining_ms: wished(bytes)?,
            held: bytes.ratio(1, 5)?,
            policy: perhaps_policy(bytes, now)?,
        }),
    })
}
