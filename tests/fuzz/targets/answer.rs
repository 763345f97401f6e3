//! Any numbers for an answer, the way they come from JavaScript: what makes no sense changes no
//! fact but the failure, and what is taken in lies within its range.

use arbitrary::Result;
use stillhere::core::answer::Answer;
use stillhere::core::flat;
use stillhere::core::input::{Grant, Input};
use stillhere::core::policy::{MAX_IDLE_TIMEOUT_MS, Policy};

use super::draw::{self, Bytes};
use super::driver::{Driver, State};

/// A sound answer, in the order of `js/page.ts`.
const SOUND: [f64; 20] = [
    0.0, -1.0, -1.0, 0.0, 10_000.0, 0.0, 1.0, 2.0, 10_000.0, 4_000.0, 2_000.0, -1.0, 60_000.0, 0.0,
    1.0, 1.0, 1.0, 0.0, 1.0, 0.0,
];

pub fn run(data: &[u8]) {
    let bytes = &mut Bytes::new(data);
    // Running out of bytes is the end of a run, not a failure.
    let _ = tell_all(bytes);
}

fn tell_all(bytes: &mut Bytes<'_>) -> Result<()> {
    let state = draw::one(bytes, &[State::Fresh, State::Active, State::Warned, State::Checking])?;
    let mut driver = Driver::at(state);
    while !bytes.is_empty() {
        let wall = bytes.int_in_range(0..=12_000)?;
        driver.pass(wall, wall.unsigned_abs());
        let numbers = numbers(bytes)?;
        let answer = flat::answer(&numbers).unwrap_or(Answer::Invalid);
        if matches!(answer, Answer::Alive(_)) {
            let exact = |number: &f64| (-1.0..9_007_199_254_740_992.0).contains(number);
            assert!(numbers.iter().all(exact), "taken for an answer: {numbers:?}");
        }
        if bytes.ratio(1, 4)? {
            driver.tell(Input::News { answer, at_ms: flat::at_ms(&numbers) });
        } else {
            driver.tell(Input::Lock(Grant::Granted));
            ask(&mut driver, answer);
        }
        sane(&driver);
    }
    Ok(())
}

/// Any length, any double: NaN, infinities, and values of which each is fine by itself.
fn numbers(bytes: &mut Bytes<'_>) -> Result<Vec<f64>> {
    let mut numbers = SOUND.to_vec();
    for _ in 0..bytes.int_in_range(0..=5)? {
        let at = bytes.choose_index(numbers.len())?;
        numbers[at] = match bytes.int_in_range(0..=3)? {
            0 => f64::from_bits(bytes.arbitrary()?),
            1 => draw::one(
                bytes,
                &[f64::NAN, f64::INFINITY, -1.0, -0.0, 0.5, 9e15, 9_007_199_254_740_993.0, 1e300],
            )?,
            2 => f64::from(bytes.int_in_range(-2i32..=5)?),
            _ => draw::amount(bytes)? as f64,
        };
    }
    if bytes.ratio(1, 8)? {
        numbers.truncate(bytes.choose_index(numbers.len())?);
    }
    Ok(numbers)
}

fn ask(driver: &mut Driver, answer: Answer) {
    let Some(id) = driver.request else { return };
    let before = driver.facts();
    let bad = match &answer {
        Answer::Invalid => true,
        Answer::Alive(alive) => !alive.policy.as_ref().is_none_or(Policy::is_plausible),
        _ => false,
    };
    driver.tell(Input::Answer { id, answer });
    let mut after = driver.agent.facts().clone();
    if bad && before.times.activity > 0 && after.ended.is_none() {
        after.times.failure = before.times.failure;
        // Past the deadline of a policy that only observes there is an end to report.
        after.times.observed = before.times.observed;
        after.rows.clone_from(&before.rows);
        // The next errand may follow at once.
        after.times.sent = before.times.sent;
        assert_eq!(after, before, "what makes no sense changes no fact");
    }
}

fn sane(driver: &Driver) {
    let (facts, now) = (driver.agent.facts(), driver.agent.now());
    assert!(facts.times.activity <= now, "active in the future");
    assert!(facts.times.acknowledged <= now, "acknowledged in the future");
    assert!(facts.times.held_elsewhere <= now + MAX_IDLE_TIMEOUT_MS);
    assert!(facts.policy.as_ref().is_none_or(Policy::is_plausible));
}
