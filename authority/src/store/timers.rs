//! When to look at which token, for the stores that keep their records in this process.
//!
//! A touch does not re-arm: a timer that fires early finds the real deadline in the record and is
//! armed for that. Only a deadline that comes nearer moves its entry, so that there is one entry per
//! token and a touch costs nothing here.

use std::collections::BTreeSet;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::Key;
use crate::clock::Clock;

/// Entries handled before the caller looks at the clock and at the shutdown again.
const BATCH: usize = 1024;

/// All tokens in the order in which they have to be looked at.
#[derive(Debug, Default)]
pub(super) struct Timers {
    due: Mutex<BTreeSet<(u64, Key)>>,
    nearer: Notify,
}

impl Timers {
    /// Sets the timer of a token to `at`, from `before` where it was set already.
    pub(super) fn arm(&self, key: Key, before: Option<u64>, at: u64) {
        let mut due = self.due.lock();
        if let Some(before) = before {
            due.remove(&(before, key));
        }
        due.insert((at, key));
        if due.first() == Some(&(at, key)) {
            self.nearer.notify_one();
        }
    }

    /// Forgets the timer of a token.
    pub(super) fn disarm(&self, key: Key, at: u64) {
        self.due.lock().remove(&(at, key));
    }

    /// Waits until some are due and takes them out.
    pub(super) async fn due(&self, clock: &dyn Clock) -> Vec<Key> {
        loop {
            let taken = self.take_due(clock.now_ms());
            if !taken.is_empty() {
                return taken;
            }
            let sleep = async {
                match self.next() {
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

    fn take_due(&self, now: u64) -> Vec<Key> {
        let mut due = self.due.lock();
        let mut taken = Vec::new();
        while let Some((at, key)) = due.first().filter(|(at, _)| *at <= now).copied() {
            if taken.len() == BATCH {
                break;
            }
            due.remove(&(at, key));
            taken.push(key);
        }
        taken
    }

    fn next(&self) -> Option<u64> {
        self.due.lock().first().map(|(at, _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_one_entry_however_often_it_is_armed() {
        let timers = Timers::default();
        let key = Key::of("a token of some length");
        timers.arm(key, None, 900);
        timers.arm(key, Some(900), 500);
        timers.arm(key, Some(500), 300);
        assert_eq!(timers.next(), Some(300));
        assert_eq!(timers.take_due(299), []);
        assert_eq!(timers.take_due(1000), [key]);
        assert_eq!(timers.next(), None);
    }

    #[test]
    fn a_forgotten_token_leaves_none() {
        let timers = Timers::default();
        let key = Key::of("a token of some length");
        timers.arm(key, None, 900);
        timers.disarm(key, 900);
        assert_eq!(timers.next(), None);
    }
}
