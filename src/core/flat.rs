//! Answers as they cross from JavaScript: a row of numbers.

use super::answer::{Alive, Answer};
use super::ended::EndedBecause;
use super::policy::{Counted, Mode, OnLock, Policy};

/// Reads an answer of the shape that docs/contract.md names, in the order of `js/flat.ts`. Each
/// value is a whole number, exact in a double; -1 for what is not there, NaN for what is no
/// number.
#[must_use]
pub fn answer(flat: &[f64]) -> Option<Answer> {
    Some(match number(flat, 0)? {
        0 if flat.iter().all(is_sound) => Answer::Alive(Alive {
            idle_ms: number(flat, 3),
            remaining_ms: number(flat, 4),
            held: flag(flat, 5),
            policy: if flag(flat, 6) { Some(policy(flat)?) } else { None },
        }),
        1 => {
            let because = number(flat, 1).and_then(|at| EndedBecause::ALL.get(at as usize));
            Answer::Gone(because.copied().unwrap_or(EndedBecause::Revoked))
        }
        2 => Answer::Unreachable { retry_after_ms: number(flat, 2) },
        _ => return None,
    })
}

/// How long after the event stream began it was said, in milliseconds, where that was told.
#[must_use]
pub fn at_ms(flat: &[f64]) -> Option<u64> {
    number(flat, 19)
}

fn policy(flat: &[f64]) -> Option<Policy> {
    Some(Policy {
        version: number(flat, 7)?,
        idle_timeout_ms: number(flat, 8)?,
        warn_before_ms: number(flat, 9)?,
        keepalive_ms: number(flat, 10)?,
        logout_at: number(flat, 11),
        mode: if flag(flat, 13) { Mode::Observe } else { Mode::Enforce },
        counts: Counted {
            keystrokes: flag(flat, 14),
            clicks: flag(flat, 15),
            heartbeats: flag(flat, 16),
            system: flag(flat, 17),
        },
        max_hold_ms: number(flat, 12)?,
        on_lock: *OnLock::ALL.get(number(flat, 18)? as usize)?,
    })
}

fn is_sound(value: &f64) -> bool {
    (-1.0..=9_007_199_254_740_991.0).contains(value)
}

#[inline(never)]
fn number(flat: &[f64], at: usize) -> Option<u64> {
    // `as` makes 0 of NaN and of what is negative.
    ((flat.get(at)? + 1.0) as u64).checked_sub(1)
}

fn flag(flat: &[f64], at: usize) -> bool {
    flat.get(at) == Some(&1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_nobody_knows_is_no_rule() {
        let mut flat = [1.0; 19];
        flat[0] = 0.0;
        for (number, on_lock) in [(0.0, OnLock::Nothing), (1.0, OnLock::Warn), (2.0, OnLock::End)] {
            flat[18] = number;
            let Some(Answer::Alive(Alive { policy: Some(policy), .. })) = answer(&flat) else {
                panic!("an answer");
            };
            assert_eq!((policy.on_lock, policy.counts.system), (on_lock, true));
        }
        for number in [-1.0, 3.0] {
            flat[18] = number;
            assert_eq!(answer(&flat), None, "{number}");
        }
        assert_eq!(answer(&flat[..18]), None, "one that is left out is not guessed at");
    }

    #[test]
    fn an_answer_with_a_number_that_is_none_is_no_answer() {
        let alive = [0.0, -1.0, -1.0, 5.0, -1.0, 0.0, 0.0];
        assert!(matches!(answer(&alive), Some(Answer::Alive(Alive { idle_ms: Some(5), .. }))));
        for rubbish in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -2.0, 9_007_199_254_740_992.0] {
            let mut flat = alive;
            flat[3] = rubbish;
            assert_eq!(answer(&flat), None, "{rubbish}");
        }
    }
}
