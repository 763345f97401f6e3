//! When to look at which record.
//!
//! A touch does not re-arm: a timer that fires early finds the real deadline in the record and is
//! armed for that. Only a deadline that comes nearer arms one more, and the one that it replaces is
//! dropped when its time comes, since the record says another. So a touch costs nothing here, and a
//! record four bytes.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
};

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::records::Number;
use crate::clock::Clock;

/// Timers that fire in the same second lie together, in no order, until that second begins.
const SPAN_MS: u64 = 1000;
/// Timers that fire before the caller looks at the clock and at the shutdown again.
const BATCH: usize = 1024;

#[derive(Debug, Default)]
struct State {
    /// Those of the spans that have begun.
    near: BinaryHeap<Reverse<(u64, Number)>>,
    /// The others by their span.
    far: BTreeMap<u64, Vec<Number>>,
    /// The first span that has not begun.
    unopened: u64,
}

impl State {
    /// When the next one fires, or a span begins.
    fn next(&self) -> Option<u64> {
        let near = self.near.peek().map(|Reverse((at, _))| *at);
        let far = self.far.first_key_value().map(|(span, _)| span.saturating_mul(SPAN_MS));
        near.into_iter().chain(far).min()
    }
}

/// The timers of all records.
#[derive(Debug, Default)]
pub(super) struct Timers {
    state: Mutex<State>,
    nearer: Notify,
}

impl Timers {
    /// Sets a timer of a record.
    pub(super) fn arm(&self, number: Number, at: u64) {
        let mut state = self.state.lock();
        let before = state.next();
        let span = at / SPAN_MS;
        if span < state.unopened {
            state.near.push(Reverse((at, number)));
        } else {
            state.far.entry(span).or_default().push(number);
        }
        if before.is_none_or(|before| state.next() < Some(before)) {
            self.nearer.notify_one();
        }
    }

    /// Waits until some fire and takes them out. `due_at` tells for when the record has its timer: one
    /// that was armed for another moment is dropped.
    pub(super) async fn due(
        &self,
        clock: &dyn Clock,
        due_at: impl Fn(Number) -> Option<u64> + Send + Sync,
    ) -> Vec<Number> {
        loop {
            let now = clock.now_ms();
            self.open(now, &due_at);
            let taken = self.take(now);
            let due: Vec<_> =
                taken.iter().filter(|(at, number)| due_at(*number) == Some(*at)).collect();
            if !due.is_empty() {
                return due.into_iter().map(|(_, number)| *number).collect();
            }
            if !taken.is_empty() {
                continue;
            }
            let next = self.state.lock().next();
            let sleep = async {
                match next {
                    Some(at) => clock.sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = sleep => {}
                () = self.nearer.notified() => {}
            }
        }
    }

    /// Puts the timers of the spans that have begun in order. Records are looked at without the lock:
    /// whoever arms a timer has its record's.
    fn open(&self, now: u64, due_at: &impl Fn(Number) -> Option<u64>) {
        loop {
            let (span, numbers) = {
                let mut state = self.state.lock();
                let Some(first) = state.far.first_entry().filter(|e| *e.key() <= now / SPAN_MS)
                else {
                    return;
                };
                let opened = first.remove_entry();
                state.unopened = state.unopened.max(opened.0 + 1);
                opened
            };
            let current = numbers.into_iter().filter_map(|number| {
                let at = due_at(number).filter(|at| at / SPAN_MS == span)?;
                Some(Reverse((at, number)))
            });
            let current: Vec<_> = current.collect();
            self.state.lock().near.extend(current);
        }
    }

    fn take(&self, now: u64) -> Vec<(u64, Number)> {
        let near = &mut self.state.lock().near;
        let mut taken = Vec::new();
        while taken.len() < BATCH
            && let Some(Reverse(first)) = near.peek().copied().filter(|Reverse((at, _))| *at <= now)
        {
            near.pop();
            taken.push(first);
        }
        // One that was armed twice in a second was put in order twice.
        taken.dedup();
        taken
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use futures_util::FutureExt as _;

    use super::*;
    use crate::clock::ManualClock;

    fn due(timers: &Timers, now: u64, records: &HashMap<Number, u64>) -> Option<Vec<Number>> {
        let clock = ManualClock::new(now);
        timers.due(&clock, |number| records.get(&number).copied()).now_or_never()
    }

    #[test]
    fn they_fire_in_order_and_not_before_their_time() {
        let timers = Timers::default();
        let records = HashMap::from([(1, 5_900), (2, 2_500), (3, 5_100), (4, 90_000)]);
        for (number, at) in &records {
            timers.arm(*number, *at);
        }
        assert_eq!(due(&timers, 2_499, &records), None);
        assert_eq!(due(&timers, 2_500, &records), Some(vec![2]));
        assert_eq!(due(&timers, 5_099, &records), None);
        assert_eq!(due(&timers, 5_900, &records), Some(vec![3, 1]));
        assert_eq!(due(&timers, 89_999, &records), None);
        assert_eq!(due(&timers, u64::MAX, &records), Some(vec![4]));
    }

    #[test]
    fn only_the_moment_that_the_record_says_counts() {
        let timers = Timers::default();
        for at in [9_000, 5_000, 5_500] {
            timers.arm(7, at);
        }
        let records = HashMap::from([(7, 5_500)]);
        assert_eq!(due(&timers, 5_499, &records), None);
        assert_eq!(due(&timers, 5_500, &records), Some(vec![7]));
        let later = HashMap::from([(7, 20_000)]);
        timers.arm(7, 20_000);
        assert_eq!(due(&timers, 19_999, &later), None);
        assert!(timers.state.lock().near.is_empty(), "the one for 9,000 is dropped");
        assert_eq!(due(&timers, 20_000, &later), Some(vec![7]));
        assert_eq!(timers.state.lock().next(), None);
    }

    #[test]
    fn one_for_a_second_that_has_begun_or_passed_fires_at_its_time() {
        let timers = Timers::default();
        timers.arm(1, 5_100);
        assert_eq!(due(&timers, 5_100, &HashMap::from([(1, 5_100)])), Some(vec![1]));
        timers.arm(2, 5_700);
        timers.arm(3, 10);
        let records = HashMap::from([(2, 5_700), (3, 10)]);
        assert_eq!(due(&timers, 5_699, &records), Some(vec![3]));
        assert_eq!(due(&timers, 5_699, &records), None);
        assert_eq!(due(&timers, 5_700, &records), Some(vec![2]));
    }

    #[test]
    fn those_of_forgotten_records_are_dropped() {
        let timers = Timers::default();
        timers.arm(1, 900);
        timers.arm(2, 901);
        assert_eq!(due(&timers, 1_000, &HashMap::from([(2, 901)])), Some(vec![2]));
        assert_eq!(timers.state.lock().next(), None);
    }

    #[tokio::test]
    async fn whoever_waits_hears_of_a_nearer_one() {
        let timers = Timers::default();
        let clock = ManualClock::new(0);
        timers.arm(1, 60_000);
        let records = HashMap::from([(1, 60_000), (2, 3_000)]);
        let waiting = timers.due(&clock, |number| records.get(&number).copied());
        tokio::pin!(waiting);
        assert_eq!(waiting.as_mut().now_or_never(), None);
        timers.arm(2, 3_000);
        assert_eq!(waiting.as_mut().now_or_never(), None);
        clock.advance(3_000);
        assert_eq!(waiting.as_mut().now_or_never(), Some(vec![2]));
    }
}
