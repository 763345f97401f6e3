//! Of many nodes with one store, one tells a receiver; if it dies, another goes on.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use stillhere_authority::{
    clock::{Clock, ManualClock},
    policy::Scope,
    store::{
        Change, Key, Line, Log, News, Owner, Record, Rule, Store, StoreError, Whose, Written,
        memory::MemoryStore,
    },
};
use tokio::sync::Semaphore;

use crate::{
    fake::{Fake, Says},
    rig::{Rig, START_MS, webhook},
};

/// A store that several nodes share, with leases that run out by the test's clock.
struct Shared {
    store: MemoryStore,
    clock: Arc<ManualClock>,
    leases: Mutex<HashMap<String, (String, u64)>>,
}

impl Shared {
    fn new(clock: &Arc<ManualClock>) -> Arc<Self> {
        let (store, leases) = (MemoryStore::default(), Mutex::default());
        Arc::new(Self { store, clock: clock.clone(), leases })
    }
}

type Result<T> = std::result::Result<T, StoreError>;

#[async_trait]
impl Store for Shared {
    async fn lease(&self, name: &str, holder: &str, ttl_ms: u64) -> Result<bool> {
        let now = self.clock.now_ms();
        let mut leases = self.leases.lock().unwrap();
        let taken = leases.get(name).is_some_and(|(who, until)| who != holder && now < *until);
        if !taken {
            leases.insert(name.to_owned(), (holder.to_owned(), now + ttl_ms));
        }
        Ok(!taken)
    }

    async fn insert(&self, key: Key, record: Record) -> Result<bool> {
        self.store.insert(key, record).await
    }

    async fn update(&self, key: &Key, change: Change<'_>) -> Result<bool> {
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

    async fn news(&self) -> News {
        self.store.news().await
    }

    async fn policies(&self, at_least: u64) -> Result<(u64, Vec<(Scope, String)>)> {
        self.store.policies(at_least).await
    }

    async fn policy(&self, scope: &Scope) -> Result<(u64, Option<String>)> {
        self.store.policy(scope).await
    }

    async fn write_policy(&self, rule: Rule<'_>) -> Result<Written> {
        self.store.write_policy(rule).await
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

    async fn ready(&self) -> Result<()> {
        self.store.ready().await
    }
}

#[tokio::test]
async fn each_end_is_told_once() {
    let mut fake = Fake::new().await;
    let clock = Arc::new(ManualClock::new(START_MS));
    let store = Shared::new(&clock);
    let one = Rig::with(&webhook(&fake), clock.clone(), store.clone()).await;
    let other = Rig::with(&webhook(&fake), clock.clone(), store).await;
    let users: Vec<_> = (0..20).map(|number| format!("user-{number}")).collect();
    for (number, user) in users.iter().enumerate() {
        if number % 2 == 0 {
            one.one_end(user).await
        } else {
            other.one_end(user).await
        }
        // Lines of another node are noticed within a second.
        clock.advance(1000);
    }
    assert_eq!(fake.users(20).await, users);
    // Long enough for the other to have asked for the lease many times.
    for _ in 0..20 {
        clock.advance(10_000);
        one.everybody_had_a_turn().await;
    }
    fake.is_silent();
}

#[tokio::test]
async fn another_goes_on_where_a_node_died() {
    let never = Says::Held(Arc::new(Semaphore::new(0)), 200);
    let mut fake = Fake::that_says([Says::Status(200), never, Says::Status(200)]).await;
    let clock = Arc::new(ManualClock::new(START_MS));
    let store = Shared::new(&clock);
    let one = Rig::with(&webhook(&fake), clock.clone(), store.clone()).await;
    one.until_crm("notices_lag", 0).await;
    one.one_end("ann").await;
    one.until_crm("notices_delivered_total", 1).await;
    let other = Rig::with(&webhook(&fake), clock.clone(), store).await;
    one.one_end("bob").await;
    assert_eq!(fake.users(2).await, ["ann", "bob"]);
    one.kill().await;
    other.everybody_had_a_turn().await;
    // The lease of 30 s has to run out; it is asked for each 10 s.
    for _ in 0..3 {
        fake.is_silent();
        clock.advance(10_000);
        other.everybody_had_a_turn().await;
    }
    clock.advance(10_000);
    assert_eq!(fake.next().await.user(), "bob");
    other.until_crm("notices_lag", 0).await;
}

#[tokio::test]
async fn a_node_that_stops_leaves_its_work_to_another_at_once() {
    let mut fake = Fake::new().await;
    let clock = Arc::new(ManualClock::new(START_MS));
    let store = Shared::new(&clock);
    let one = Rig::with(&webhook(&fake), clock.clone(), store.clone()).await;
    one.one_end("ann").await;
    one.until_crm("notices_delivered_total", 1).await;
    let other = Rig::with(&webhook(&fake), clock.clone(), store).await;
    other.everybody_had_a_turn().await;
    one.stop().await;
    other.one_end("bob").await;
    clock.advance(10_000);
    assert_eq!(fake.users(2).await, ["ann", "bob"]);
}

#[tokio::test]
async fn what_ends_while_nobody_tells_is_told_later() {
    let mut fake = Fake::new().await;
    let clock = Arc::new(ManualClock::new(START_MS));
    let store = Shared::new(&clock);
    assert!(store.lease("webhook:crm", "a node that has just died", 30_000).await.unwrap());
    let rig = Rig::with(&webhook(&fake), clock.clone(), store).await;
    rig.one_end("ann").await;
    for _ in 0..3 {
        rig.everybody_had_a_turn().await;
        fake.is_silent();
        clock.advance(10_000);
    }
    assert_eq!(fake.next().await.user(), "ann");
}
