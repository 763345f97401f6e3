//! What the authority does without being asked: it ends tokens on time, and takes in what other nodes
//! changed.

use futures_util::{
    FutureExt,
    stream::{StreamExt as _, TryStreamExt as _, iter},
};

use crate::{
    state::AppState,
    store::{News, StoreError},
};

/// Due tokens that are looked at together: an end waits for the store, and thousands may be due in one
/// second.
const AT_ONCE: usize = 256;

/// Milliseconds until a store that could not be reached is asked again.
const RETRY_MS: u64 = 1000;
/// Milliseconds between two times at which what is only kept for a while is forgotten.
const TIDY_MS: u64 = 10_000;

/// Looks at each token when it is due, until the shutdown.
pub(crate) async fn enforce(state: AppState) {
    loop {
        let due = tokio::select! {
            due = state.store().due(state.clock()) => due,
            () = state.stopping().cancelled() => return,
        };
        match due {
            Ok(keys) => {
                let look = async |key| {
                    if let Err(error) = state.look_at(&key).await {
                        tracing::error!(id = ?key, %error, "a due session could not be looked at");
                    }
                };
                iter(keys).for_each_concurrent(AT_ONCE, look).await;
            }
            Err(error) => {
                tracing::error!(%error, "due sessions could not be read");
                state.sleep_until(state.now_ms().saturating_add(RETRY_MS)).await;
            }
        }
    }
}

impl AppState {
    /// Looks at whatever is due now, as a server that runs does by itself; how many those were.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn look_at_due(&self) -> Result<usize, StoreError> {
        let mut looked = 0;
        while let Some(keys) = self.store().due(self.clock()).now_or_never() {
            let keys = keys?;
            looked += keys.len();
            let look = async |key| self.look_at(&key).await;
            iter(keys).map(Ok).try_for_each_concurrent(AT_ONCE, look).await?;
        }
        Ok(looked)
    }
}

/// Forgets what is only kept for a while, until the shutdown.
pub(crate) async fn tidy(state: AppState) {
    loop {
        tokio::select! {
            () = state.sleep_until(state.now_ms().saturating_add(TIDY_MS)) => {
                state.limits().forget();
                state.codes().forget(state.now_ms());
            }
            () = state.stopping().cancelled() => return,
        }
    }
}

/// Takes in what other nodes changed, until the shutdown. Nobody tells a second time of a policy that
/// could not be read, so all are read again after a while.
pub(crate) async fn listen(state: AppState) {
    let mut again_at = None;
    loop {
        let news = tokio::select! {
            news = state.store().news() => Some(news),
            () = state.sleep_until(again_at.unwrap_or(u64::MAX)), if again_at.is_some() => None,
            () = state.stopping().cancelled() => return,
        };
        let heard = match &news {
            Some(News::Session(key)) => {
                state.hub().wake(key);
                continue;
            }
            Some(News::Policy(scope)) => state.read_policy(scope).await,
            Some(News::Missed) => {
                let read = state.read_policies(0).await;
                state.hub().wake_all();
                read
            }
            None => state.read_policies(0).await,
        };
        match heard {
            // This one was read, and perhaps not the one before.
            Ok(()) if matches!(news, Some(News::Policy(_))) => {}
            Ok(()) => again_at = None,
            Err(error) => {
                tracing::error!(%error, "a policy that another node changed could not be read");
                again_at = Some(state.now_ms().saturating_add(RETRY_MS));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        clock::ManualClock,
        registration::Registered,
        sessions::Gone,
        state::Settings,
        store::{Key, Owner, REMEMBER_ENDED_MS, memory::MemoryStore},
    };

    const TOKEN: &str = "a-token-of-some-length";
    const TIMEOUT_MS: u64 = stillhere::core::policy::Policy::DEFAULT.idle_timeout_ms;

    async fn signed_in() -> (Arc<ManualClock>, AppState) {
        let clock = Arc::new(ManualClock::new(1_000_000_000));
        let store = Arc::new(MemoryStore::default());
        let state = AppState::open(Settings::default(), clock.clone(), store).await.unwrap();
        let owner = Owner { user: "ann".into(), sign_in: None, groups: Vec::new() };
        assert!(matches!(state.register(TOKEN, owner).await, Ok(Registered::New(..))));
        (clock, state)
    }

    #[tokio::test]
    async fn an_ended_token_is_remembered_for_a_day_and_then_forgotten() {
        let (clock, state) = signed_in().await;
        clock.advance(TIMEOUT_MS + REMEMBER_ENDED_MS - 1);
        state.look_at_due().await.unwrap();
        assert!(matches!(state.look(&Key::of(TOKEN)).await, Err(Gone::Ended(_))));
        clock.advance(1);
        assert_eq!(state.look_at_due().await.unwrap(), 1);
        assert!(matches!(state.look(&Key::of(TOKEN)).await, Err(Gone::Unknown)));
        clock.advance(u64::MAX / 2);
        assert_eq!(state.look_at_due().await.unwrap(), 0, "no timer is left");
    }

    #[tokio::test]
    async fn a_token_that_ends_in_a_call_keeps_its_one_timer() {
        let (clock, state) = signed_in().await;
        clock.advance(TIMEOUT_MS);
        assert!(state.look(&Key::of(TOKEN)).await.is_err());
        assert_eq!(state.look_at_due().await.unwrap(), 1);
        clock.advance(REMEMBER_ENDED_MS - 1);
        assert_eq!(state.look_at_due().await.unwrap(), 0);
        clock.advance(1);
        assert_eq!(state.look_at_due().await.unwrap(), 1);
    }

    #[tokio::test]
    async fn a_touch_leaves_the_timer_alone_and_the_timer_finds_the_deadline() {
        let (clock, state) = signed_in().await;
        clock.advance(TIMEOUT_MS / 2);
        let report = crate::report::Report {
            age_ms: 0,
            counts: crate::report::Counts::default(),
            contexts: 1,
            holds: Vec::new(),
            agent: String::new(),
        };
        state.touch(&Key::of(TOKEN), &report).await.unwrap();
        clock.advance(TIMEOUT_MS / 2);
        assert_eq!(state.look_at_due().await.unwrap(), 1, "fired early");
        assert!(state.look(&Key::of(TOKEN)).await.is_ok());
        clock.advance(TIMEOUT_MS / 2);
        assert_eq!(state.look_at_due().await.unwrap(), 1);
        assert!(matches!(state.look(&Key::of(TOKEN)).await, Err(Gone::Ended(_))));
    }
}
