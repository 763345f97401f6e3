//! Deadlines: each is given once, over all nodes, and again if nobody saw to it.

use std::{collections::HashSet, sync::Arc, time::Duration};

use stillhere_authority::{
    clock::ManualClock,
    store::{Record, Store, Weight},
};
use tokio::sync::mpsc;

use crate::{
    rig::{START_MS, command, effect, key, node, owner, record_of, soon},
    server::Server,
};

/// What a node has for a deadline that it took, in milliseconds.
const LEASE_MS: u64 = 2000;

fn due_at(at: u64) -> Record {
    record_of(owner("ann", None), at)
}

/// Nothing is given for as long as several looks at the deadlines take.
async fn nothing_due(node: &dyn Store, clock: &ManualClock) {
    let none = tokio::time::timeout(Duration::from_millis(250), node.due(clock)).await;
    assert!(none.is_err(), "{none:?} was given");
}

async fn set_due(node: &dyn Store, number: u64, at: u64) {
    let mut change = |record: &mut Record| {
        record.due_at = at;
        effect(Weight::Activity)
    };
    assert!(node.update(&key(number), &mut change).await.unwrap());
}

#[tokio::test]
async fn a_deadline_is_given_when_it_comes_and_not_before() {
    let server = Server::start();
    let (node, clock) = (node(&server.url()).await, ManualClock::new(START_MS));
    node.insert(key(1), due_at(START_MS + 500)).await.unwrap();
    clock.advance(499);
    nothing_due(&node, &clock).await;
    clock.advance(1);
    assert_eq!(soon(node.due(&clock)).await.unwrap(), [key(1)]);
}

#[tokio::test]
async fn many_deadlines_are_each_given_once_over_all_nodes() {
    const MANY: u64 = 1000;
    let server = Server::start();
    let clock = Arc::new(ManualClock::new(START_MS));
    let nodes = [node(&server.url()).await, node(&server.url()).await];
    for number in 0..MANY {
        nodes[0].insert(key(number), due_at(START_MS)).await.unwrap();
    }
    let (sender, mut given) = mpsc::unbounded_channel();
    for node in nodes {
        let (clock, sender) = (clock.clone(), sender.clone());
        tokio::spawn(async move {
            while let Ok(due) = node.due(&*clock).await {
                due.into_iter().for_each(|key| sender.send(key).unwrap());
            }
        });
    }
    let mut different = HashSet::new();
    for _ in 0..MANY {
        assert!(different.insert(soon(given.recv()).await.unwrap()), "one was given twice");
    }
    let more = tokio::time::timeout(Duration::from_millis(250), given.recv()).await;
    assert!(more.is_err(), "{more:?} was given again");
}

#[tokio::test]
async fn what_a_node_took_and_did_not_see_to_is_given_to_another() {
    let server = Server::start();
    let (one, other) = (node(&server.url()).await, node(&server.url()).await);
    let clock = ManualClock::new(START_MS);
    one.insert(key(1), due_at(START_MS)).await.unwrap();
    assert_eq!(soon(one.due(&clock)).await.unwrap(), [key(1)]);
    drop(one);
    clock.advance(LEASE_MS - 1);
    nothing_due(&other, &clock).await;
    clock.advance(1);
    assert_eq!(soon(other.due(&clock)).await.unwrap(), [key(1)]);
}

#[tokio::test]
async fn a_deadline_that_moves_is_given_at_its_new_time_only() {
    let server = Server::start();
    let (one, other) = (node(&server.url()).await, node(&server.url()).await);
    let clock = ManualClock::new(START_MS);
    one.insert(key(1), due_at(START_MS + 9000)).await.unwrap();
    set_due(&other, 1, START_MS).await;
    assert_eq!(soon(one.due(&clock)).await.unwrap(), [key(1)], "it came nearer");
    set_due(&one, 1, START_MS + 9000).await;
    clock.advance(LEASE_MS);
    nothing_due(&other, &clock).await;
    clock.advance(7000);
    assert_eq!(soon(other.due(&clock)).await.unwrap(), [key(1)]);
    set_due(&other, 1, u64::MAX).await;
    clock.advance(u64::MAX / 4);
    nothing_due(&one, &clock).await;
}

#[tokio::test]
async fn a_forgotten_record_has_no_deadline() {
    let server = Server::start();
    let (node, clock) = (node(&server.url()).await, ManualClock::new(START_MS));
    node.insert(key(1), due_at(START_MS)).await.unwrap();
    node.remove(&key(1), &owner("ann", None)).await.unwrap();
    nothing_due(&node, &clock).await;
    // Nor has one that somebody deleted by hand.
    node.insert(key(2), due_at(START_MS)).await.unwrap();
    let record = format!("stillhere:record:{}", key(2).id());
    command(&server.url(), &["DEL", &record]).await;
    nothing_due(&node, &clock).await;
    assert_eq!(
        command(&server.url(), &["ZCARD", "stillhere:deadlines"]).await,
        redis::Value::Int(0)
    );
}
