//! Records: added once, changed, found and forgotten, on every node alike.

use stillhere_authority::store::{Key, Store, Weight, Whose};

use crate::{
    rig::{
        START_MS, command, effect, insert_many, is_revoked, key, known, node, owner, read, record,
        record_of, revoke, touch,
    },
    server::Server,
};

async fn sorted(node: &dyn Store, whose: Whose<'_>) -> Vec<Key> {
    let mut found = node.find(whose).await.unwrap();
    found.sort();
    found
}

fn keys(numbers: impl IntoIterator<Item = u64>) -> Vec<Key> {
    let mut keys: Vec<_> = numbers.into_iter().map(key).collect();
    keys.sort();
    keys
}

#[tokio::test]
async fn a_record_is_added_once_and_known_to_all() {
    let server = Server::start();
    let (one, other) = (node(&server.url()).await, node(&server.url()).await);
    let mut second = record();
    second.keepalives = 9;
    assert!(one.insert(key(1), record()).await.unwrap());
    assert!(!other.insert(key(1), second).await.unwrap());
    assert_eq!(known(&other, &key(1)).await, record());
    assert_eq!(known(&one, &key(1)).await, record());
}

#[tokio::test]
async fn what_is_unknown_is_neither_changed_nor_added() {
    let server = Server::start();
    let node = node(&server.url()).await;
    assert!(!touch(&node, &key(1)).await.unwrap());
    assert_eq!(read(&node, &key(1)).await.unwrap(), None);
    node.remove(&key(1), &owner("ann", Some("monday"))).await.unwrap();
    assert_eq!(sorted(&node, Whose::Everybody).await, []);
}

#[tokio::test]
async fn records_are_found_by_user_and_sign_in() {
    let server = Server::start();
    let (one, other) = (node(&server.url()).await, node(&server.url()).await);
    let owners = [("ann", Some("monday")), ("ann", Some("friday")), ("ann", None), ("bob", None)];
    for (number, (user, sign_in)) in (0..).zip(owners) {
        one.insert(key(number), record_of(owner(user, sign_in), START_MS)).await.unwrap();
    }
    assert_eq!(sorted(&other, Whose::User("ann")).await, keys([0, 1, 2]));
    assert_eq!(sorted(&other, Whose::SignIn("ann", "monday")).await, keys([0]));
    assert_eq!(sorted(&other, Whose::SignIn("bob", "monday")).await, []);
    assert_eq!(sorted(&other, Whose::User("eve")).await, []);
    assert_eq!(sorted(&other, Whose::Everybody).await, keys(0..4));
}

#[tokio::test]
async fn everybody_is_more_than_one_answer_holds() {
    let server = Server::start();
    let node = node(&server.url()).await;
    insert_many(&node, 0..2500).await;
    assert_eq!(sorted(&node, Whose::Everybody).await, keys(0..2500));
}

#[tokio::test]
async fn a_forgotten_record_leaves_nothing_behind() {
    let server = Server::start();
    let (one, other) = (node(&server.url()).await, node(&server.url()).await);
    let owner = owner("ann", Some("monday"));
    one.insert(key(1), record_of(owner.clone(), START_MS)).await.unwrap();
    touch(&other, &key(1)).await.unwrap();
    one.remove(&key(1), &owner).await.unwrap();
    assert!(!touch(&other, &key(1)).await.unwrap());
    assert_eq!(command(&server.url(), &["DBSIZE"]).await, redis::Value::Int(0));
}

#[tokio::test]
async fn what_a_node_remembers_is_never_believed() {
    let server = Server::start();
    let (one, other) = (node(&server.url()).await, node(&server.url()).await);
    one.insert(key(1), record()).await.unwrap();
    assert_eq!(known(&other, &key(1)).await.keepalives, 0);
    touch(&one, &key(1)).await.unwrap();
    assert_eq!(known(&other, &key(1)).await.keepalives, 1, "changed elsewhere");
    touch(&other, &key(1)).await.unwrap();
    assert_eq!(known(&one, &key(1)).await.keepalives, 2, "changed from there on");
    revoke(&one, &key(1)).await.unwrap();
    touch(&other, &key(1)).await.unwrap();
    assert!(is_revoked(&known(&other, &key(1)).await));
    assert_eq!(known(&one, &key(1)).await.keepalives, 2, "a dead token is not touched");

    // Another that came in its place looks like a new one, not like the old.
    one.remove(&key(1), &record().owner).await.unwrap();
    one.insert(key(1), record()).await.unwrap();
    assert_eq!(known(&other, &key(1)).await, record());
}

#[tokio::test]
async fn a_change_is_tried_again_on_what_is_there() {
    let server = Server::start();
    let (one, other) = (node(&server.url()).await, node(&server.url()).await);
    one.insert(key(1), record()).await.unwrap();
    touch(&other, &key(1)).await.unwrap();
    let mut seen = Vec::new();
    let mut change = |record: &mut stillhere_authority::store::Record| {
        seen.push(record.keepalives);
        record.keepalives += 10;
        effect(Weight::Activity)
    };
    assert!(one.update(&key(1), &mut change).await.unwrap());
    assert_eq!(seen, [0, 1]);
    assert_eq!(known(&other, &key(1)).await.keepalives, 11);
}

#[tokio::test]
async fn a_node_that_remembers_nothing_does_the_same() {
    let server = Server::start();
    let options =
        stillhere_authority::store::redis::RedisOptions { remembered: 0, ..<_>::default() };
    let opened = stillhere_authority::store::redis::RedisStore::open(&server.url(), options).await;
    let (node, _) = opened.unwrap();
    node.insert(key(1), record()).await.unwrap();
    touch(&node, &key(1)).await.unwrap();
    assert_eq!(known(&node, &key(1)).await.keepalives, 1);
}
