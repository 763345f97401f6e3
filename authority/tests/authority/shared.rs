//! A store that several nodes share, with the troubles that a test makes.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use stillhere_authority::{
    AppState,
    clock::{Clock, ManualClock},
    policy::Scope,
    store::{
        Change, Key, Line, Log, News, Owner, Record, Rule, Store, StoreError, Whose, Written,
        memory::MemoryStore,
    },
};
use tokio::sync::{Barrier, Notify};

use crate::rig::{PATIENCE, Rig, START_MS, settings};

/// A store that several nodes share, with the troubles that a test makes.
#[derive(Default)]
pub struct Shared {
    store: MemoryStore,
    /// The next policy that is written is kept, and its answer comes late.
    pub answers_late: AtomicBool,
    pub late: Notify,
    pub kept: Notify,
    /// The next policy that is read is read now, and its answer comes late.
    pub reads_late: AtomicBool,
    pub read: Notify,
    /// Policies cannot be read.
    pub away: AtomicBool,
    pub asked: Notify,
    /// News that nobody has asked for yet: of ann's policy.
    pub told: Notify,
    /// Changes of records wait until so many are asked for together.
    pub together: std::sync::OnceLock<Barrier>,
}

type Result<T> = std::result::Result<T, StoreError>;

/// Waits for what must come; fails rather than wait for ever.
pub async fn soon(what: &Notify) {
    tokio::time::timeout(PATIENCE, what.notified()).await.expect("it did not come");
}

#[async_trait]
impl Store for Shared {
    async fn write_policy(&self, rule: Rule<'_>) -> Result<Written> {
        let written = self.store.write_policy(rule).await;
        if self.answers_late.swap(false, Ordering::SeqCst) {
            self.kept.notify_one();
            soon(&self.late).await;
        }
        written
    }

    async fn policies(&self, at_least: u64) -> Result<(u64, Vec<(Scope, String)>)> {
        self.read().await?;
        self.store.policies(at_least).await
    }

    async fn policy(&self, scope: &Scope) -> Result<(u64, Option<String>)> {
        self.read().await?;
        let policy = self.store.policy(scope).await;
        if self.reads_late.swap(false, Ordering::SeqCst) {
            self.read.notify_one();
            soon(&self.late).await;
        }
        policy
    }

    async fn news(&self) -> News {
        self.told.notified().await;
        News::Policy(Scope::User("ann".into()))
    }

    async fn insert(&self, key: Key, record: Record) -> Result<bool> {
        self.store.insert(key, record).await
    }

    async fn update(&self, key: &Key, change: Change<'_>) -> Result<bool> {
        if let Some(together) = self.together.get() {
            together.wait().await;
        }
        self.store.update(key, change).await
    }

    async fn remove(&self, key: &Key, owner: &Owner) -> Result<()> {
        self.store.remove(key, owner).await
    }

    async fn find(&self, whose: Whose<'_>) -> Result<Vec<Key>> {
        self.store.find(whose).await
    }

    async fn due(&self, clock: &dyn Clock) -> Result<Vec<Key>> {
        self.store.due(clock).await
    }

    async fn append(&self, log: Log, line: String) -> Result<()> {
        self.store.append(log, line).await
    }

    async fn lines(&self, log: Log, before: Option<u64>, limit: usize) -> Result<Vec<Line>> {
        self.store.lines(log, before, limit).await
    }

    async fn lines_after(&self, log: Log, after: u64, limit: usize) -> Result<Vec<Line>> {
        self.store.lines_after(log, after, limit).await
    }

    async fn position(&self, reader: &str) -> Result<u64> {
        self.store.position(reader).await
    }

    async fn set_position(&self, reader: &str, number: u64) -> Result<()> {
        self.store.set_position(reader, number).await
    }

    async fn lease(&self, name: &str, holder: &str, ttl_ms: u64) -> Result<bool> {
        self.store.lease(name, holder, ttl_ms).await
    }

    async fn ready(&self) -> Result<()> {
        self.store.ready().await
    }
}

impl Shared {
    async fn read(&self) -> Result<()> {
        self.asked.notify_one();
        let away = self.away.load(Ordering::SeqCst);
        if away { Err(StoreError("the store is away".into())) } else { Ok(()) }
    }

    pub async fn node(self: &Arc<Self>) -> Arc<Rig> {
        let clock = Arc::new(ManualClock::new(START_MS));
        let state = AppState::open(settings(), clock.clone(), self.clone()).await.unwrap();
        Arc::new(Rig::of(state, clock))
    }
}
