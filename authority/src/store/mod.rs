//! Where tokens, policies and logs are kept. A token itself never is: its SHA-256 stands for it.

mod codec;
pub mod embedded;
mod journal;
mod key;
pub mod memory;
pub mod redis;

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

pub use self::key::Key;
use crate::{
    calls::Calls,
    clock::Clock,
    issuers,
    policy::Scope,
    session::{Ended, Session, Terms},
};

/// How long an ended token is remembered, in milliseconds: 24 hours, so that whoever calls with
/// it later learns why it ended.
pub const REMEMBER_ENDED_MS: u64 = 24 * 60 * 60 * 1000;
/// How long one is remembered whose issuer does not say when it runs out, in milliseconds: 30 days
/// (NIST SP 800-63B-4, 2.1.3: AAL1 overall).
const REMEMBER_ISSUED_MS: u64 = 30 * REMEMBER_ENDED_MS;

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

/// What an issuer said of a token that it vouches for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issued {
    /// Which of the configured issuers, counted from 0.
    pub by: u8,
    /// When the token runs out there, in Unix milliseconds.
    pub expires_at: Option<u64>,
    /// When the issuer said so, in Unix milliseconds.
    pub asked_at: u64,
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
    /// The API calls that were seen last.
    pub calls: Calls,
    /// What its issuer said, where nobody registered it.
    pub issued: Option<Issued>,
    /// Whether no other token of its sign-in is taken in any more: somebody logged the user off.
    pub sign_in_over: bool,
    /// The moment at which the store gives it to [`Store::due`], in Unix milliseconds.
    pub due_at: u64,
}

impl Record {
    /// When the authority has to look at this record next, in Unix milliseconds: when it may end,
    /// and after that when it is forgotten.
    #[must_use]
    pub fn due(&self, terms: Terms<'_>) -> u64 {
        let forget = || self.session.ended().map(|ended| self.remembered_until(ended));
        self.session.deadline(terms).or_else(forget).unwrap_or(u64::MAX)
    }

    /// A token that its issuer would vouch for again must not be forgotten before: it would begin
    /// anew.
    fn remembered_until(&self, ended: Ended) -> u64 {
        let runs_out = self.issued.map(|issued| {
            let leeway = issuers::settings::MAX_LEEWAY_MS;
            let unknown = ended.at.saturating_add(REMEMBER_ISSUED_MS);
            issued.expires_at.map_or(unknown, |at| at.saturating_add(leeway))
        });
        ended.at.saturating_add(REMEMBER_ENDED_MS).max(runs_out.unwrap_or(0))
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

/// What a change to a record means to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Nothing has changed: it need not be written.
    Nothing,
    /// Activity: what is lost of it in a crash is made up for by the next keep-alive.
    Activity,
    /// It began, it ended, a hold began or ended: durable before the call returns, and every node is
    /// told.
    Standing,
}

/// What a change comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// What it means to others.
    pub weight: Weight,
    /// A line for [`Log::Ends`], written together with the record or not at all.
    pub line: Option<String>,
}

/// A change to one record. A store that works optimistically may run it more than once, each time
/// on a fresh copy.
pub type Change<'a> = &'a mut (dyn FnMut(&mut Record) -> Effect + Send);

/// Which records are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose<'a> {
    /// All of them, ended ones too.
    Everybody,
    /// Those of a user.
    User(&'a str),
    /// Those of a user's sign-in.
    SignIn(&'a str, &'a str),
}

/// The logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Log {
    /// Who was logged out, or would have been, when and why.
    Ends,
    /// What administrators did.
    Audit,
    /// What the outside could not be told.
    DeadLetters,
}

/// Entries that a log keeps; the oldest are dropped.
pub const LOG_ENTRIES: usize = 100_000;

/// A line of a log: its number, which grows, and what was written.
pub type Line = (u64, String);

/// Something that another node changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// A session began, ended or is held otherwise than before.
    Session(Key),
    /// A policy.
    Policy(Scope),
    /// News may have been missed: look at everything again.
    Missed,
}

/// What became of a policy that was to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is kept, under this version.
    Version(u64),
    /// Somebody else wrote before; this is the version now.
    Conflict(u64),
}

/// A change to the policies, written as a whole or not at all.
#[derive(Clone, Copy)]
pub struct Rule<'a> {
    /// Whose policy.
    pub scope: &'a Scope,
    /// The new one; None removes it.
    pub text: Option<&'a str>,
    /// The version that it was made for, where the writer cares.
    pub expected: Option<u64>,
    /// Now, in Unix milliseconds: the version is at least that.
    pub now: u64,
    /// The line for [`Log::Audit`], given the version; written together with the policy.
    pub audit: &'a (dyn Fn(u64) -> String + Sync),
}

/// Keeps records by key. The rule stays in [`crate::session`]: a store only makes changes atomic.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Adds a record, durably. False, and nothing changed, if the key is known already.
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn insert(&self, key: Key, record: Record) -> Result<bool, StoreError>;

    /// Applies `change` atomically. False if the key is unknown; it may have been tried on a copy even
    /// then, so what it noted outside counts only after true.
    ///
    /// # Errors
    /// When the store cannot be reached; whether the change happened is not known then.
    async fn update(&self, key: &Key, change: Change<'_>) -> Result<bool, StoreError>;

    /// Forgets a record.
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn remove(&self, key: &Key, owner: &Owner) -> Result<(), StoreError>;

    /// The keys of those records, in no order.
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn find(&self, whose: Whose<'_>) -> Result<Vec<Key>, StoreError>;

    /// Waits until records are due and gives some of them. Each is given once, or again after a while
    /// if its `due_at` was not changed.
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn due(&self, clock: &dyn Clock) -> Result<Vec<Key>, StoreError>;

    /// Waits until another node changed something.
    async fn news(&self) -> News;

    /// The version of the policies, raised to `at_least`, and each of them.
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn policies(&self, at_least: u64) -> Result<(u64, Vec<(Scope, String)>), StoreError>;

    /// The version of the policies, and one of them.
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn policy(&self, scope: &Scope) -> Result<(u64, Option<String>), StoreError>;

    /// Writes or removes a policy, durably, and tells every node. The version grows.
    ///
    /// # Errors
    /// When the store cannot be reached; whether it was written is not known then.
    async fn write_policy(&self, rule: Rule<'_>) -> Result<Written, StoreError>;

    /// Appends a line to a log, durably.
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn append(&self, log: Log, line: String) -> Result<(), StoreError>;

    /// The newest `limit` lines of a log whose number is smaller than `before`, the newest first.
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn lines(
        &self,
        log: Log,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Line>, StoreError>;

    /// The oldest `limit` lines of a log whose number is larger than `after`, the oldest first.
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn lines_after(
        &self,
        log: Log,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Line>, StoreError>;

    /// How far a reader of [`Log::Ends`] has come: the number of the last line that it is done with.
    /// One that is not known yet begins behind the newest line.
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn position(&self, reader: &str) -> Result<u64, StoreError>;

    /// A reader is done with all lines up to that number, durably.
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn set_position(&self, reader: &str, number: u64) -> Result<(), StoreError>;

    /// Takes or renews a lease for that time, so that of many nodes one does a piece of work. False
    /// while another holder has it. A store that belongs to one process always gives it.
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn lease(&self, name: &str, holder: &str, ttl_ms: u64) -> Result<bool, StoreError>;

    /// Whether other processes may have it as well.
    fn is_shared(&self) -> bool {
        false
    }

    /// Whether it answers.
    ///
    /// # Errors
    /// When it does not, with the reason.
    async fn ready(&self) -> Result<(), StoreError>;

    /// Writes what is still to be written, before the process ends.
    ///
    /// # Errors
    /// When it cannot be written.
    async fn flush(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
