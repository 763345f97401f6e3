//! Ends tokens on time even if nobody asks.
//!
//! A touch does not re-arm: a timer that fires early finds the real deadline in the record and
//! arms itself for that. Only a deadline that comes nearer moves its entry, so that there is one
//! entry per token and a touch costs nothing here.

use std::collections::BTreeSet;

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::{state::AppState, store::Key};

/// Entries handled before the loop looks at the clock and at the shutdown again.
const BATCH: usize = 1024;
/// Milliseconds until records are looked at again whose store could not be reached.
const RETRY_MS: u64 = 1000;

/// All tokens in the order in which they have to be looked at.
#[derive(Debug, Default)]
pub(crate) struct Deadlines {
    due: Mutex<BTreeSet<(u64, Key)>>,
    nearer: Notify,
}

impl Deadlines {
    /// Sets the timer of a token to `at`, from `before` where it was set already.
    pub(crate) fn arm(&self, key: Key, before: Option<u64>, at: u64) {
        let mut due = self.due.lock();
        if let Some(before) = before {
            due.remove(&(before, key));
        }
        due.insert((at, key));
        if due.first() == Some(&(at, key)) {
            self.nearer.notify_one();
        }
    }

    fn take_due(&self, now: u64) -> Vec<(u64, Key)> {
        let mut due = self.due.lock();
        let mut taken = Vec::new();
        while let Some(first) = due.first().filter(|(at, _)| *at <= now).copied() {
            if taken.len() == BATCH {
                break;
            }
            due.remove(&first);
            taken.push(first);
        }
        taken
    }

    fn next(&self) -> Option<u64> {
        self.due.lock().first().map(|(at, _)| *at)
    }
}

/// Looks at each token when it is due, until the shutdown.
pub(crate) async fn enforce(state: AppState) {
    let deadlines = state.deadlines();
    loop {
        look_at_due(&state).await;
        let sleep = async {
            match deadlines.next() {
                Some(at) => state.sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = sleep => {}
            () = deadlines.nearer.notified() => {}
            () = state.stopping().cancelled() => return,
        }
    }
}

async fn look_at_due(state: &AppState) {
    let mut failed = Vec::new();
    for (at, key) in state.deadlines().take_due(state.now_ms()) {
        if let Err(error) = state.timer_fired(&key, at).await {
            tracing::error!(id = ?key, %error, "a due session could not be looked at");
            failed.push((at, key));
        }
    }
    if !failed.is_empty() {
        state.sleep_until(state.now_ms().saturating_add(RETRY_MS)).await;
        failed.into_iter().for_each(|(at, key)| state.deadlines().arm(key, None, at));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        clock::ManualClock,
        state::{Gone, Settings},
        store::{Owner, REMEMBER_ENDED_MS, memory::MemoryStore},
    };

    const TOKEN: &str = "a-token-of-some-length";
    const TIMEOUT_MS: u64 = stillhere::core::policy::Policy::DEFAULT.idle_timeout_ms;

    async fn signed_in() -> (Arc<ManualClock>, AppState) {
        let clock = Arc::new(ManualClock::new(1_000_000_000));
        let store = Arc::new(MemoryStore::default());
        let state = AppState::new(Settings::default(), clock.clone(), store);
        let owner = Owner { user: "ann".into(), sign_in: None, groups: Vec::new() };
        state.register(TOKEN, owner).await.unwrap().unwrap();
        (clock, state)
    }

    #[tokio::test]
    async fn an_ended_token_is_remembered_for_a_day_and_then_forgotten() {
        let (clock, state) = signed_in().await;
        clock.advance(TIMEOUT_MS + REMEMBER_ENDED_MS - 1);
        look_at_due(&state).await;
        assert!(matches!(state.look(&Key::of(TOKEN)).await, Err(Gone::Ended(_))));
        clock.advance(1);
        look_at_due(&state).await;
        assert!(matches!(state.look(&Key::of(TOKEN)).await, Err(Gone::Unknown)));
        assert_eq!(state.deadlines().next(), None);
    }

    #[tokio::test]
    async fn a_token_that_ends_in_a_call_keeps_its_one_entry() {
        let (clock, state) = signed_in().await;
        clock.advance(TIMEOUT_MS);
        assert!(state.look(&Key::of(TOKEN)).await.is_err());
        look_at_due(&state).await;
        assert_eq!(state.deadlines().due.lock().len(), 1);
        assert_eq!(state.deadlines().next(), Some(state.now_ms() + REMEMBER_ENDED_MS));
    }

    #[test]
    fn a_token_has_one_entry_however_often_it_is_armed() {
        let deadlines = Deadlines::default();
        let key = Key::of("a token of some length");
        deadlines.arm(key, None, 900);
        deadlines.arm(key, Some(900), 500);
        deadlines.arm(key, Some(500), 300);
        assert_eq!(deadlines.next(), Some(300));
        assert_eq!(deadlines.take_due(299), []);
        assert_eq!(deadlines.take_due(1000), [(300, key)]);
        assert_eq!(deadlines.next(), None);
    }
}
