//! No interleaving of reports ends a session early or lets it outlive its deadline.
//!
//! The oracle walks through time one tick after another and knows nothing of laziness, of merged
//! activity or of the order in which the rule looks at things.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use stillhere::core::{ended::EndedBecause, policy::Policy};
use stillhere_authority::{
    report::{Counts, HoldReport, Report},
    session::{Session, Standing},
};

const TIMEOUT: u64 = 20;
const MAX_HOLD: u64 = 30;
/// An age beyond which a report does not tell when a hold was closed.
const OLD: u64 = 60_000;
const START: u64 = 100_000;

#[derive(Debug, Clone)]
struct Step {
    wait: u64,
    age: u64,
    holds: Vec<(u8, u64)>,
}

fn policy(logout_at: Option<u64>) -> Policy {
    Policy { idle_timeout_ms: TIMEOUT, max_hold_ms: MAX_HOLD, logout_at, ..Policy::DEFAULT }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let hold = (0_u8..4, prop_oneof![Just(0), 1_u64..40]);
    let step =
        (0_u64..25, prop_oneof![4 => 0_u64..50, 1 => Just(OLD)], prop::collection::vec(hold, 0..3))
            .prop_map(|(wait, age, holds)| Step { wait, age, holds });
    prop::collection::vec(step, 1..24)
}

fn report(step: &Step) -> Report {
    let hold = |(id, ttl_ms): &(u8, u64)| HoldReport {
        id: id.to_string(),
        reason: String::new(),
        ttl_ms: *ttl_ms,
    };
    Report {
        age_ms: step.age,
        counts: Counts::default(),
        contexts: 1,
        holds: step.holds.iter().map(hold).collect(),
        agent: String::new(),
    }
}

struct Oracle {
    now: u64,
    present: u64,
    /// When each lapses, and beyond which moment it cannot be renewed.
    holds: BTreeMap<u8, (u64, u64)>,
    released: BTreeSet<u8>,
    logout_at: Option<u64>,
    ended: Option<EndedBecause>,
}

impl Oracle {
    fn new(logout_at: Option<u64>) -> Self {
        let (holds, released) = (BTreeMap::new(), BTreeSet::new());
        Self { now: START, present: START, holds, released, logout_at, ended: None }
    }

    fn tick(&mut self) {
        self.now += 1;
        if self.ended.is_some() {
            return;
        }
        let now = self.now;
        if self.holds.values().any(|(expires, _)| *expires == now) {
            self.present = now;
        }
        for (id, (expires, until)) in &self.holds {
            if *expires <= now && expires == until {
                self.released.insert(*id);
            }
        }
        self.holds.retain(|_, (expires, _)| *expires > now);
        if self.holds.is_empty() && now - self.present >= TIMEOUT {
            self.ended = Some(EndedBecause::Idle);
        }
        self.keep_to_the_schedule();
    }

    fn keep_to_the_schedule(&mut self) {
        if self.holds.is_empty() && self.logout_at.is_some_and(|at| at <= self.now) {
            self.ended = Some(EndedBecause::Schedule);
        }
    }

    fn report(&mut self, step: &Step) {
        if self.ended.is_some() {
            return;
        }
        self.present = self.present.max(self.now - step.age);
        for (id, ttl) in &step.holds {
            if *ttl == 0 {
                self.released.insert(*id);
                if self.holds.remove(id).is_some() && step.age == OLD {
                    self.present = self.now;
                }
            } else if !self.released.contains(id) {
                let wished = self.now + ttl;
                let fresh = (0, self.now + MAX_HOLD);
                let (expires, until) = self.holds.entry(*id).or_insert(fresh);
                *expires = wished.min(*until).max(*expires);
            }
        }
        // A hold may have been closed longer ago than the timeout, and nobody could say so.
        let idle_at = self.present + TIMEOUT;
        let sooner = self.logout_at.is_none_or(|at| idle_at < at.max(self.present));
        if self.holds.is_empty() && idle_at <= self.now && sooner {
            self.ended = Some(EndedBecause::Idle);
            return;
        }
        self.keep_to_the_schedule();
    }

    fn standing(&self) -> Standing {
        match self.ended {
            Some(because) => Standing::Ended(because),
            None if self.holds.is_empty() => Standing::Alive,
            None => Standing::Held,
        }
    }
}

proptest! {
    #[test]
    fn the_rule_agrees_with_time_passing_tick_by_tick(
        steps in steps(),
        logout_at in prop::option::of(START + 1..START + 200),
        look in any::<bool>(),
    ) {
        let policy = policy(logout_at);
        let mut oracle = Oracle::new(logout_at);
        let mut session = Session::new(START, &policy);
        for step in &steps {
            for _ in 0..step.wait {
                oracle.tick();
                let state = session.state(oracle.now, &policy);
                prop_assert_eq!(state.standing, oracle.standing(), "at {}", oracle.now);
                if look {
                    session.settle(oracle.now, &policy);
                }
            }
            oracle.report(step);
            let touched = session.touch(oracle.now, &policy, &report(step));
            let expected = match oracle.standing() {
                Standing::Ended(because) => Err(because),
                standing => Ok(standing),
            };
            prop_assert_eq!(touched.map(|state| state.standing), expected);
        }
    }

    #[test]
    fn a_timer_set_to_each_deadline_misses_nothing(
        steps in steps(),
        logout_at in prop::option::of(START + 1..START + 200),
    ) {
        let policy = policy(logout_at);
        let mut session = Session::new(START, &policy);
        let mut now = START;
        for step in &steps {
            for _ in 0..step.wait {
                let before = session.state(now, &policy).standing;
                let deadline = session.deadline(&policy);
                now += 1;
                if session.state(now, &policy).standing != before {
                    prop_assert_eq!(deadline, Some(now));
                }
                if deadline == Some(now) {
                    session.settle(now, &policy);
                }
                prop_assert!(session.deadline(&policy).is_none_or(|at| at > now));
            }
            let _ = session.touch(now, &policy, &report(step));
        }
    }

    #[test]
    fn the_order_of_reports_and_their_repetition_do_not_matter(
        ages in prop::collection::vec(0_u64..50, 1..8),
        wait in 0_u64..TIMEOUT,
        swapped in any::<prop::sample::Index>(),
    ) {
        let policy = policy(None);
        let now = START + wait;
        let run = |ages: &[u64]| {
            let mut session = Session::new(START, &policy);
            for age in ages {
                let _ = session.touch(now, &policy, &report(&Step { wait: 0, age: *age, holds: vec![] }));
            }
            session
        };
        let mut other = ages.clone();
        other.reverse();
        other.push(ages[swapped.index(ages.len())]);
        prop_assert_eq!(run(&ages), run(&other));
    }

    #[test]
    fn questions_change_nothing(steps in steps()) {
        let policy = policy(None);
        let mut session = Session::new(START, &policy);
        let mut now = START;
        for step in &steps {
            now += step.wait;
            let before = session.clone();
            let _ = session.state(now, &policy);
            let _ = session.deadline(&policy);
            prop_assert_eq!(&before, &session);
            let _ = session.touch(now, &policy, &report(step));
        }
    }
}
