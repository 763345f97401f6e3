//! Policies, logs, positions and leases, as all nodes see them.

use std::sync::Arc;

use stillhere_authority::{
    policy::Scope,
    store::{Log, Rule, Store, Written},
};
use tokio::task::JoinSet;

use crate::{
    rig::{key, node, record, revoke, soon},
    server::Server,
};

async fn write(
    node: &dyn Store,
    scope: &Scope,
    text: Option<&str>,
    expected: Option<u64>,
) -> Written {
    let audit = |version| format!("version {version}");
    node.write_policy(Rule { scope, text, expected, now: 7, audit: &audit }).await.unwrap()
}

#[tokio::test]
async fn a_policy_is_written_for_the_version_it_was_made_for_with_its_line() {
    let server = Server::start();
    let (one, other) = (node(&server.url()).await, node(&server.url()).await);
    let (all, ann) = (Scope::Organization, Scope::User("ann".into()));
    assert_eq!(write(&one, &all, Some("a"), None).await, Written::Version(7));
    assert_eq!(write(&other, &ann, Some("b"), Some(6)).await, Written::Conflict(7));
    assert_eq!(write(&other, &ann, Some("b"), Some(7)).await, Written::Version(8));
    assert_eq!(one.policy(&ann).await.unwrap(), (8, Some("b".to_owned())));
    let both = vec![(all.clone(), "a".to_owned()), (ann.clone(), "b".to_owned())];
    assert_eq!(one.policies(0).await.unwrap(), (8, both));
    assert_eq!(write(&one, &all, None, None).await, Written::Version(9));
    assert_eq!(other.policy(&all).await.unwrap(), (9, None));
    let lines = other.lines_after(Log::Audit, 0, 9).await.unwrap();
    let expected = [(1, "version 7"), (2, "version 8"), (3, "version 9")];
    assert_eq!(lines, expected.map(|(number, text)| (number, text.to_owned())));
}

#[tokio::test]
async fn the_version_is_raised_and_never_lowered() {
    let server = Server::start();
    let node = node(&server.url()).await;
    assert_eq!(node.policies(0).await.unwrap(), (0, Vec::new()));
    for (at_least, version) in [(9, 9), (10, 10), (9, 10), (1_700_000_000_000, 1_700_000_000_000)] {
        assert_eq!(node.policies(at_least).await.unwrap().0, version);
    }
    assert_eq!(node.policy(&Scope::Organization).await.unwrap(), (1_700_000_000_000, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn policies_of_many_nodes_have_a_version_each() {
    let server = Server::start();
    let nodes = [Arc::new(node(&server.url()).await), Arc::new(node(&server.url()).await)];
    let mut tasks = JoinSet::new();
    for number in 0..8_usize {
        let node = nodes[number % 2].clone();
        tasks.spawn(async move {
            for _ in 0..5 {
                let scope = Scope::User(number.to_string());
                assert!(matches!(
                    write(&*node, &scope, Some("x"), None).await,
                    Written::Version(_)
                ));
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let lines = nodes[0].lines_after(Log::Audit, 0, 99).await.unwrap();
    let expected: Vec<_> = (7..47).map(|version| format!("version {version}")).collect();
    assert_eq!(lines.into_iter().map(|(_, text)| text).collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_log_is_read_from_its_newest_line_and_from_where_one_stopped() {
    let server = Server::start();
    let node = node(&server.url()).await;
    for text in ["a", "", "c"] {
        node.append(Log::DeadLetters, text.to_owned()).await.unwrap();
    }
    let numbers = |lines: Vec<(u64, String)>| lines.into_iter().map(|(n, _)| n).collect::<Vec<_>>();
    let none: [u64; 0] = [];
    let log = Log::DeadLetters;
    assert_eq!(node.lines(log, None, 1).await.unwrap(), [(3, "c".to_owned())]);
    assert_eq!(numbers(node.lines(log, Some(3), usize::MAX).await.unwrap()), [2, 1]);
    assert_eq!(numbers(node.lines(log, Some(1), 9).await.unwrap()), none);
    assert_eq!(numbers(node.lines(log, Some(0), 9).await.unwrap()), none);
    assert_eq!(numbers(node.lines(log, Some(u64::MAX), 9).await.unwrap()), [3, 2, 1]);
    assert_eq!(numbers(node.lines(log, None, 0).await.unwrap()), none);
    assert_eq!(numbers(node.lines_after(log, 1, 1).await.unwrap()), [2]);
    assert_eq!(numbers(node.lines_after(log, u64::MAX, 9).await.unwrap()), none);
    assert_eq!(node.lines(Log::Ends, None, 9).await.unwrap(), []);
}

#[tokio::test]
async fn a_reader_begins_behind_the_newest_line_and_goes_on_where_it_was() {
    let server = Server::start();
    let (one, other) = (node(&server.url()).await, node(&server.url()).await);
    assert_eq!(one.position("early").await.unwrap(), 0);
    one.insert(key(1), record()).await.unwrap();
    revoke(&one, &key(1)).await.unwrap();
    assert_eq!(one.position("hook").await.unwrap(), 1);
    revoke(&one, &key(1)).await.unwrap();
    assert_eq!(other.position("hook").await.unwrap(), 1, "as it was when it began");
    assert_eq!(other.position("early").await.unwrap(), 0);
    other.set_position("hook", 2).await.unwrap();
    assert_eq!(one.position("hook").await.unwrap(), 2);
}

#[tokio::test]
async fn a_lease_is_one_holders_until_its_time_is_over() {
    let server = Server::start();
    let (one, other) = (node(&server.url()).await, node(&server.url()).await);
    assert!(one.lease("sender", "one", 60_000).await.unwrap());
    assert!(!other.lease("sender", "other", 60_000).await.unwrap());
    assert!(other.lease("another", "other", 60_000).await.unwrap());
    // Renewed for a moment only; then it is free.
    assert!(one.lease("sender", "one", 1).await.unwrap());
    soon(async { while !other.lease("sender", "other", 60_000).await.unwrap() {} }).await;
    assert!(!one.lease("sender", "one", 1).await.unwrap());
}
