//! Which policy applies where several write at the same time, and where one cannot be read at once.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use axum::http::Method;
use futures_util::FutureExt;
use serde_json::{Value, json};
use stillhere_authority::{
    AppState,
    clock::{Clock, ManualClock},
    policy::Scope,
    run,
    store::{
        Change, Key, Line, Log, News, Owner, Record, Rule, Store, StoreError, Whose, Written,
        memory::MemoryStore,
    },
};
use tokio::{net::TcpListener, sync::Notify};

use crate::rig::{PATIENCE, Rig, START_MS, settings};

/// A store that several nodes share, with the troubles that a test makes.
#[derive(Default)]
struct Shared {
    store: MemoryStore,
    /// The next policy that is written is kept, and its answer comes late.
    answers_late: AtomicBool,
    late: Notify,
    kept: Notify,
    /// The next policy that is read is read now, and its answer comes late.
    reads_late: AtomicBool,
    read: Notify,
    /// Policies cannot be read.
    away: AtomicBool,
    asked: Notify,
    /// News that nobody has asked for yet: of ann's policy.
    told: Notify,
}

type Result<T> = std::result::Result<T, StoreError>;

/// Waits for what must come; fails rather than wait for ever.
async fn soon(what: &Notify) {
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

    async fn node(self: &Arc<Self>) -> Arc<Rig> {
        let clock = Arc::new(ManualClock::new(START_MS));
        let state = AppState::open(settings(), clock.clone(), self.clone()).await.unwrap();
        Arc::new(Rig::of(state, clock))
    }
}

async fn write(node: &Rig, max_hold_ms: u64) -> Value {
    node.put_policy("users/ann", json!({ "max_hold_ms": max_hold_ms })).await
}

async fn in_force(node: &Rig) -> Value {
    let path = "/v1/admin/policy/users/ann";
    let answer = node.call(Method::GET, path, crate::rig::ADMIN, None).await;
    answer.json()["max_hold_ms"].clone()
}

#[tokio::test]
async fn of_two_that_write_at_the_same_time_the_one_that_was_kept_last_applies() {
    let store = Arc::new(Shared::default());
    let node = store.node().await;
    store.answers_late.store(true, Ordering::SeqCst);
    let first = tokio::spawn({
        let node = node.clone();
        async move { write(&node, 60_000).await }
    });
    soon(&store.kept).await;
    let second = write(&node, 120_000).await;
    store.late.notify_one();
    let first = first.await.unwrap();
    assert!(first["version"].as_u64() < second["version"].as_u64(), "{first} {second}");
    assert_eq!(in_force(&node).await, 120_000);
}

#[tokio::test]
async fn a_shift_undoes_nothing_that_is_written_at_the_same_moment() {
    let store = Arc::new(Shared::default());
    let (one, other) = (store.node().await, store.node().await);
    write(&one, 60_000).await;
    store.reads_late.store(true, Ordering::SeqCst);
    let shift = tokio::spawn({
        let other = other.clone();
        async move {
            let shift = json!({ "ends_at": "2033-05-18T17:00:00Z", "grace_ms": 0 });
            other.put_policy("users/ann/shift", shift).await
        }
    });
    soon(&store.read).await;
    write(&one, 120_000).await;
    store.late.notify_one();
    shift.await.unwrap();
    let path = "/v1/admin/policy/users/ann";
    let kept = other.call(Method::GET, path, crate::rig::ADMIN, None).await.json();
    assert_eq!(kept["max_hold_ms"], 120_000, "{kept}");
    assert!(kept["shift"].is_object(), "{kept}");
}

#[tokio::test]
async fn a_policy_that_was_kept_applies_though_its_writer_hung_up() {
    let store = Arc::new(Shared::default());
    let node = store.node().await;
    store.answers_late.store(true, Ordering::SeqCst);
    let writing = tokio::spawn({
        let node = node.clone();
        async move { write(&node, 60_000).await }
    });
    soon(&store.kept).await;
    writing.abort();
    assert!(writing.await.unwrap_err().is_cancelled());
    store.late.notify_one();
    let applies = async {
        while in_force(&node).await != 60_000 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, applies).await.expect("it is kept and does not apply");
}

#[tokio::test]
async fn a_policy_that_could_not_be_read_when_it_was_told_is_read_later() {
    let store = Arc::new(Shared::default());
    let (one, other) = (store.node().await, store.node().await);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let running = tokio::spawn(run(listener, other.state.clone(), std::future::pending()));
    write(&one, 60_000).await;
    store.away.store(true, Ordering::SeqCst);
    // Both asked when they began.
    store.asked.notified().now_or_never();
    store.told.notify_one();
    soon(&store.asked).await;
    store.away.store(false, Ordering::SeqCst);
    let read = async {
        while in_force(&other).await != 60_000 {
            other.clock.advance(1000);
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, read).await.expect("the policy was never read");
    running.abort();
}
