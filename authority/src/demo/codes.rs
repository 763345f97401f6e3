//! Authorization codes that wait to be redeemed (RFC 6749, section 4.1.2).

use std::{collections::HashMap, time::Duration};

use parking_lot::Mutex;

use super::pkce::Challenge;
use crate::{secret::Secret, store::Key};

/// How long a code waits, in milliseconds. The standard allows ten minutes; this one goes from one
/// program of a machine to another.
const LIFETIME_MS: u64 = 60_000;
/// Codes that wait at once. Each holds a token, so all together at most 2 MiB.
const MAX_PENDING: usize = 256;

/// What a code stands for.
pub(super) struct Grant {
    /// The token that is handed over.
    pub(super) token: Secret,
    /// Who may have it.
    pub(super) challenge: Challenge,
}

struct Pending {
    grant: Grant,
    over_at: u64,
}

/// All codes of one server, by their SHA-256: no time that a look-up takes tells of a code. Those of
/// another process are unknown here, which is why this is for the demo.
#[derive(Default)]
pub(crate) struct Codes(Mutex<HashMap<Key, Pending>>);

impl Codes {
    /// Lets a code wait.
    ///
    /// # Errors
    /// When too many do: how long until there is room. Nobody who holds one loses it for that.
    pub(super) fn put(&self, now: u64, code: &str, grant: Grant) -> Result<(), Duration> {
        let mut codes = self.0.lock();
        codes.retain(|_, pending| pending.over_at > now);
        if codes.len() >= MAX_PENDING {
            let first = codes.values().map(|pending| pending.over_at).min().unwrap_or(now);
            return Err(Duration::from_millis(first.saturating_sub(now)));
        }
        let over_at = now.saturating_add(LIFETIME_MS);
        codes.insert(Key::of(code), Pending { grant, over_at });
        Ok(())
    }

    /// Takes a code out: whatever comes of it, it is of no use again. None if it is over or unknown.
    pub(super) fn take(&self, now: u64, code: &str) -> Option<Grant> {
        let pending = self.0.lock().remove(&Key::of(code))?;
        (pending.over_at > now).then_some(pending.grant)
    }

    /// Forgets those that nobody came for.
    pub(crate) fn forget(&self, now: u64) {
        self.0.lock().retain(|_, pending| pending.over_at > now);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        clock::ManualClock,
        keeper,
        state::{AppState, Settings},
        store::memory::MemoryStore,
    };

    fn grant() -> Grant {
        let challenge = Challenge::parse(&"A".repeat(43)).unwrap();
        Grant { token: Secret::from("token".to_owned()), challenge }
    }

    #[test]
    fn a_code_that_nobody_came_for_is_forgotten() {
        let codes = Codes::default();
        codes.put(0, "code", grant()).unwrap();
        codes.put(1, "another code", grant()).unwrap();
        codes.forget(LIFETIME_MS);
        assert_eq!(codes.0.lock().len(), 1);
        codes.forget(LIFETIME_MS + 1);
        assert!(codes.0.lock().is_empty());
    }

    #[tokio::test]
    async fn a_server_that_runs_forgets_it_by_itself() {
        let clock = Arc::new(ManualClock::new(0));
        let store = Arc::new(MemoryStore::default());
        let state = AppState::open(Settings::default(), clock.clone(), store).await.unwrap();
        state.codes().put(0, "code", grant()).unwrap();
        tokio::spawn(keeper::tidy(state.clone()));
        // Another task of this thread runs at each of these until it waits.
        tokio::task::yield_now().await;
        clock.advance(LIFETIME_MS - 1);
        tokio::task::yield_now().await;
        assert_eq!(state.codes().0.lock().len(), 1);
        clock.advance(LIFETIME_MS);
        tokio::task::yield_now().await;
        assert!(state.codes().0.lock().is_empty());
    }
}
