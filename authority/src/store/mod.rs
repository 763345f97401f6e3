//! Where tokens are kept. A token itself never is: its SHA-256 stands for it.

pub mod memory;

use std::fmt;

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use stillhere::core::policy::Policy;

use crate::session::Session;

/// How long an ended token is remembered, in milliseconds: 24 hours, so that whoever calls with
/// it later learns why it ended.
pub const REMEMBER_ENDED_MS: u64 = 24 * 60 * 60 * 1000;

/// SHA-256 of a token.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key([u8; 32]);

impl Key {
    /// The key of that token.
    #[must_use]
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }

    /// The token's public name: the first 22 characters of base64url(SHA-256), as in the names of
    /// channel and lock in the browser (docs/contract.md, section 4).
    #[must_use]
    pub fn id(&self) -> String {
        let mut id = URL_SAFE_NO_PAD.encode(self.0);
        id.truncate(22);
        id
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id())
    }
}

/// Who a token belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The user's name in the system that issued the token.
    pub user: String,
    /// Ties together the tokens of one sign-in.
    pub sign_in: Option<String>,
    /// The user's groups, for policies.
    pub groups: Vec<String>,
}

/// All that is kept about one token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Whose it is.
    pub owner: Owner,
    /// The rule's facts.
    pub session: Session,
    /// Keep-alives received while it lived.
    pub keepalives: u64,
    /// Name and version of the agent that reported last.
    pub agent: String,
    /// The moment for which the timer is set, in Unix milliseconds. Belongs to the process.
    #[serde(skip)]
    pub armed_at: u64,
}

impl Record {
    /// When the authority has to look at this record next, in Unix milliseconds: when it may end,
    /// and after that when it is forgotten.
    #[must_use]
    pub fn due(&self, policy: &Policy) -> u64 {
        let forget =
            || self.session.ended().map(|ended| ended.at.saturating_add(REMEMBER_ENDED_MS));
        self.session.deadline(policy).or_else(forget).unwrap_or(u64::MAX)
    }
}

/// The store could not be reached or refused. Nothing is known about the token then.
#[derive(Debug)]
pub struct StoreError(pub String);

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the store failed: {}", self.0)
    }
}

impl std::error::Error for StoreError {}

/// A change to one record. A store that works optimistically may run it more than once, each time
/// on a fresh copy.
pub type Change<'a> = &'a mut (dyn FnMut(&mut Record) + Send);

/// Keeps records by key. The rule stays in [`crate::session`]: a store only makes changes atomic.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Adds a record. False, and nothing changed, if the key is known already.
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn insert(&self, key: Key, record: Record) -> Result<bool, StoreError>;

    /// Applies `change` atomically. False if the key is unknown.
    ///
    /// # Errors
    /// When the store cannot be reached; the change then did not happen.
    async fn update(&self, key: &Key, change: Change<'_>) -> Result<bool, StoreError>;

    /// Forgets a record.
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn remove(&self, key: &Key) -> Result<(), StoreError>;

    /// All keys whose record satisfies `wanted`, in no order.
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn keys(
        &self,
        wanted: &(dyn for<'a> Fn(&'a Key, &'a Record) -> bool + Sync),
    ) -> Result<Vec<Key>, StoreError>;
}
