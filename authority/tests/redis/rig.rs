//! Nodes, records and what is done to them.

use std::{future::Future, time::Duration};

use stillhere::core::{ended::EndedBecause, policy::Policy};
use stillhere_authority::{
    calls::Calls,
    report::{Counts, Report},
    session::Session,
    store::{
        Effect, Key, News, Owner, Record, Store, StoreError, Weight,
        redis::{RedisClock, RedisOptions, RedisStore},
    },
};

/// How long a test waits for what must come, before it fails.
pub const PATIENCE: Duration = Duration::from_secs(20);
pub const START_MS: u64 = 1_700_000_000_000;

pub async fn node(url: &str) -> RedisStore {
    node_and_clock(url).await.0
}

pub async fn node_and_clock(url: &str) -> (RedisStore, RedisClock) {
    // A machine that is busy with other tests is no server that does not answer.
    let options = RedisOptions { time_limit: PATIENCE, ..RedisOptions::default() };
    RedisStore::open(url, options).await.unwrap()
}

/// A node that has heard that it may have missed something before it was there.
pub async fn listening(url: &str) -> RedisStore {
    let node = node(url).await;
    assert_eq!(soon(node.news()).await, News::Missed);
    node
}

/// What must come; fails rather than wait for ever.
pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("it did not come")
}

/// Tries until it works.
pub async fn at_last<T, F: Future<Output = Result<T, StoreError>>>(
    mut act: impl FnMut() -> F,
) -> T {
    soon(async {
        loop {
            if let Ok(done) = act().await {
                return done;
            }
        }
    })
    .await
}

pub fn key(number: u64) -> Key {
    Key::of(&format!("a token of some length {number}"))
}

pub fn owner(user: &str, sign_in: Option<&str>) -> Owner {
    Owner { user: user.into(), sign_in: sign_in.map(str::to_owned), groups: vec!["all".into()] }
}

pub fn record_of(owner: Owner, due_at: u64) -> Record {
    Record {
        owner,
        session: Session::new(START_MS, &Policy::DEFAULT),
        keepalives: 0,
        agent: String::new(),
        calls: Calls::default(),
        issued: None,
        sign_in_over: false,
        due_at,
    }
}

/// Adds records with the keys of these numbers, many at a time.
pub async fn insert_many(node: &dyn Store, numbers: std::ops::Range<u64>) {
    for some in numbers.collect::<Vec<_>>().chunks(100) {
        let adding = some.iter().map(|number| node.insert(key(*number), record()));
        let added = futures_util::future::join_all(adding).await;
        assert!(added.into_iter().all(|added| added.unwrap()));
    }
}

pub fn record() -> Record {
    record_of(owner("ann", None), u64::MAX)
}

pub fn effect(weight: Weight) -> Effect {
    Effect { weight, line: None }
}

/// Takes a keep-alive in. False if there is no such record.
pub async fn touch(node: &dyn Store, key: &Key) -> Result<bool, StoreError> {
    let report = Report {
        age_ms: 0,
        counts: Counts::default(),
        contexts: 1,
        holds: Vec::new(),
        agent: String::new(),
    };
    let mut change = |record: &mut Record| {
        if record.session.touch(START_MS, &Policy::DEFAULT, &report).is_ok() {
            record.keepalives += 1;
        }
        effect(Weight::Activity)
    };
    node.update(key, &mut change).await
}

/// Revokes a token, with a line in the log.
pub async fn revoke(node: &dyn Store, key: &Key) -> Result<bool, StoreError> {
    let mut change = |record: &mut Record| {
        record.session.end(START_MS, &Policy::DEFAULT, EndedBecause::Revoked);
        Effect { weight: Weight::Standing, line: Some(format!("{key:?} was revoked")) }
    };
    node.update(key, &mut change).await
}

/// The record as it stands.
pub async fn read(node: &dyn Store, key: &Key) -> Result<Option<Record>, StoreError> {
    let mut seen = None;
    let mut change = |record: &mut Record| {
        seen = Some(record.clone());
        effect(Weight::Nothing)
    };
    let known = node.update(key, &mut change).await?;
    Ok(seen.filter(|_| known))
}

/// The record as it stands; it must be there.
pub async fn known(node: &dyn Store, key: &Key) -> Record {
    read(node, key).await.unwrap().expect("the record is gone")
}

pub fn is_revoked(record: &Record) -> bool {
    record.session.ended().is_some_and(|ended| ended.because == EndedBecause::Revoked)
}

/// Sends the server a command of the test's own.
pub async fn command(url: &str, words: &[&str]) -> redis::Value {
    let client = redis::Client::open(url).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut command = redis::cmd(words[0]);
    command.arg(&words[1..]);
    command.query_async(&mut connection).await.unwrap()
}
