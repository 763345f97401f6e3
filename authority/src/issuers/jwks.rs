//! The issuer's keys as they were fetched last, and when to fetch them again.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, DecodingKey};
use parking_lot::RwLock;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{Rejected, http::Endpoint, keys::Keys};

/// One issuer's keys.
#[derive(Debug)]
pub(super) struct Jwks(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    endpoint: Endpoint,
    refetch_after_ms: u64,
    max_age_ms: u64,
    known: RwLock<Known>,
    /// When a fetch began last, in Unix milliseconds. Locked while one is under way.
    tried_at_ms: Arc<Mutex<Option<u64>>>,
}

#[derive(Debug, Default)]
struct Known {
    keys: Keys,
    fetched_at_ms: Option<u64>,
    /// Why the last fetch failed, if it did.
    failure: Option<String>,
}

impl Jwks {
    pub(super) fn new(endpoint: Endpoint, refetch_after_ms: u64, max_age_ms: u64) -> Self {
        let (known, tried_at_ms) = Default::default();
        Self(Arc::new(Inner { endpoint, refetch_after_ms, max_age_ms, known, tried_at_ms }))
    }

    /// The key that may check a token with this header. The keys are fetched if it is not among
    /// them or they are old, and as often as that is allowed.
    ///
    /// # Errors
    /// [`Rejected::Invalid`] if the issuer has no such key, [`Rejected::Unreachable`] if that is
    /// not sure since the keys could not be fetched.
    pub(super) async fn key(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
        now_ms: u64,
    ) -> Result<DecodingKey, Rejected> {
        let known = self.0.find(id, algorithm);
        let turn = match known {
            Some(key) if !self.0.are_old(now_ms) => return Ok(key),
            // Whoever has a key goes on with it while another fetches.
            Some(_) => Arc::clone(&self.0.tried_at_ms).try_lock_owned().ok(),
            None => Some(Arc::clone(&self.0.tried_at_ms).lock_owned().await),
        };
        if let Some(turn) = turn {
            self.fetch(turn, now_ms).await;
        }
        self.0.find(id, algorithm).ok_or_else(|| self.0.no_key())
    }

    async fn fetch(&self, mut turn: OwnedMutexGuard<Option<u64>>, now_ms: u64) {
        if turn.is_some_and(|at| now_ms < at.saturating_add(self.0.refetch_after_ms)) {
            return;
        }
        *turn = Some(now_ms);
        let inner = Arc::clone(&self.0);
        // A task of its own: a caller that hangs up must not take the fetch with it, or strangers
        // could keep new keys away for as long as they liked.
        let fetching = tokio::spawn(async move {
            inner.fetch(now_ms).await;
            drop(turn);
        });
        let _ = fetching.await;
    }
}

impl Inner {
    async fn fetch(&self, now_ms: u64) {
        let fetched = self.endpoint.get().await.and_then(|body| Keys::parse(&body));
        let mut known = self.known.write();
        match fetched {
            Ok(keys) => {
                *known = Known { keys, fetched_at_ms: Some(now_ms), failure: None };
            }
            Err(why) => {
                tracing::warn!(why, "the issuer's keys cannot be fetched; the old ones go on");
                known.failure = Some(why);
            }
        }
    }

    fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<DecodingKey> {
        self.known.read().keys.find(id, algorithm).cloned()
    }

    fn are_old(&self, now_ms: u64) -> bool {
        let fetched_at_ms = self.known.read().fetched_at_ms;
        fetched_at_ms.is_none_or(|at| now_ms >= at.saturating_add(self.max_age_ms))
    }

    fn no_key(&self) -> Rejected {
        match &self.known.read().failure {
            Some(why) => Rejected::Unreachable(why.clone()),
            None => Rejected::invalid("the issuer has no key for it"),
        }
    }
}
