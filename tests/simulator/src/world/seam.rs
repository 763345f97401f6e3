//! Answers cross from JavaScript to the machine as numbers, in the order of `js/page.ts`: here too,
//! so that a story plays what a page does.

use stillhere::core::answer::{Alive, Answer};
use stillhere::core::flat;
use stillhere::core::policy::{Mode, Policy};

/// What the machine makes of an answer.
pub(super) fn cross(answer: &Answer) -> Answer {
    flat::answer(&numbers(answer)).unwrap_or(Answer::Invalid)
}

/// The same of what the event stream brings, and how long after it began that was said.
pub(super) fn cross_from_stream(answer: &Answer, at_ms: u64) -> (Answer, Option<u64>) {
    let mut flat = numbers(answer);
    flat[19] = number(Some(at_ms));
    (flat::answer(&flat).unwrap_or(Answer::Invalid), flat::at_ms(&flat))
}

#[expect(clippy::cast_precision_loss, reason = "times are exact in a double")]
fn number(value: Option<u64>) -> f64 {
    value.map_or(-1.0, |value| value as f64)
}

fn numbers(answer: &Answer) -> [f64; 20] {
    let mut flat = [-1.0; 20];
    match answer {
        Answer::Alive(alive) => {
            flat[0] = 0.0;
            fill(&mut flat, alive);
        }
        Answer::Gone(because) => (flat[0], flat[1]) = (1.0, f64::from(*because as u8)),
        Answer::Unreachable { retry_after_ms } => {
            (flat[0], flat[2]) = (2.0, number(*retry_after_ms));
        }
        Answer::Invalid => {}
    }
    flat
}

fn fill(flat: &mut [f64; 20], alive: &Alive) {
    flat[3..7].copy_from_slice(&[
        number(alive.idle_ms),
        number(alive.remaining_ms),
        f64::from(u8::from(alive.held)),
        f64::from(u8::from(alive.policy.is_some())),
    ]);
    let policy = alive.policy.clone().unwrap_or(Policy::DEFAULT);
    let bit = |value: bool| f64::from(u8::from(value));
    flat[7..19].copy_from_slice(&[
        number(Some(policy.version)),
        number(Some(policy.idle_timeout_ms)),
        number(Some(policy.warn_before_ms)),
        number(Some(policy.keepalive_ms)),
        number(policy.logout_at),
        number(Some(policy.max_hold_ms)),
        bit(policy.mode == Mode::Observe),
        bit(policy.counts.keystrokes),
        bit(policy.counts.clicks),
        bit(policy.counts.heartbeats),
        bit(policy.counts.system),
        f64::from(policy.on_lock as u8),
    ]);
}

#[cfg(test)]
mod tests {
    use stillhere::core::ended::EndedBecause;
    use stillhere::core::policy::{Counted, OnLock};

    use super::*;

    #[test]
    fn what_crosses_is_the_same_on_the_other_side() {
        let policy = Policy { version: 7, logout_at: Some(1_700_000_000_000), ..Policy::DEFAULT };
        let counts = Counted { system: true, ..Counted::ALL };
        let desktop = Policy { counts, on_lock: OnLock::End, ..policy.clone() };
        let alive = Alive { idle_ms: Some(0), policy: Some(policy), ..Alive::default() };
        let locks = Alive { idle_ms: Some(0), policy: Some(desktop), ..Alive::default() };
        let held = Alive { held: true, remaining_ms: Some(5), ..Alive::default() };
        for answer in [
            Answer::Alive(alive),
            Answer::Alive(locks),
            Answer::Alive(held),
            Answer::Gone(EndedBecause::TokenMissing),
            Answer::Unreachable { retry_after_ms: None },
            Answer::Unreachable { retry_after_ms: Some(9) },
            Answer::Invalid,
        ] {
            assert_eq!(cross(&answer), answer);
            let told = if answer == Answer::Invalid { None } else { Some(7) };
            let (crossed, at_ms) = cross_from_stream(&answer, 7);
            assert_eq!((crossed, at_ms.filter(|_| told.is_some())), (answer, told));
        }
    }
}
