//! Which policy applies where several write at the same time, and where one cannot be read at once.

use std::sync::{Arc, atomic::Ordering};

use axum::http::Method;
use futures_util::FutureExt;
use serde_json::{Value, json};
use stillhere_authority::run;
use tokio::net::TcpListener;

use crate::{
    rig::{PATIENCE, Rig},
    shared::{Shared, soon},
};

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
