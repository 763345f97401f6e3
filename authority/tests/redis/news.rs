//! What one node changes the others hear.

use std::time::Duration;

use futures_util::FutureExt;
use stillhere_authority::{
    policy::Scope,
    store::{
        News, Rule, Store, Weight,
        redis::{RedisOptions, RedisStore},
    },
};

use crate::{
    proxy::Proxy,
    rig::{at_last, effect, insert_many, key, listening, node, record, revoke, soon, touch},
    server::Server,
};

async fn write(node: &dyn Store, scope: &Scope) {
    let audit = |_| String::new();
    let rule = Rule { scope, text: Some("{}"), expected: None, now: 1, audit: &audit };
    node.write_policy(rule).await.unwrap();
}

#[tokio::test]
async fn what_begins_and_ends_is_told_to_others_and_a_touch_is_not() {
    let server = Server::start();
    let (one, other) = (listening(&server.url()).await, listening(&server.url()).await);
    one.insert(key(1), record()).await.unwrap();
    touch(&one, &key(1)).await.unwrap();
    one.update(&key(1), &mut |_| effect(Weight::Nothing)).await.unwrap();
    revoke(&one, &key(1)).await.unwrap();
    touch(&one, &key(1)).await.unwrap();
    other.insert(key(2), record()).await.unwrap();
    for expected in [key(1), key(1)] {
        assert_eq!(soon(other.news()).await, News::Session(expected));
    }
    // What the other did comes after all that, and is the first that this one hears: not its own.
    assert_eq!(soon(one.news()).await, News::Session(key(2)));
    assert_eq!(other.news().now_or_never(), None);
}

#[tokio::test]
async fn a_change_that_is_told_need_not_change_the_record() {
    let server = Server::start();
    let (one, other) = (listening(&server.url()).await, listening(&server.url()).await);
    one.insert(key(1), record()).await.unwrap();
    assert_eq!(soon(other.news()).await, News::Session(key(1)));
    one.update(&key(1), &mut |_| effect(Weight::Standing)).await.unwrap();
    assert_eq!(soon(other.news()).await, News::Session(key(1)));
}

#[tokio::test]
async fn policies_are_told_to_all() {
    let server = Server::start();
    let (one, other) = (listening(&server.url()).await, listening(&server.url()).await);
    for scope in [Scope::Organization, Scope::Group("a b".into()), Scope::User("x:y".into())] {
        write(&one, &scope).await;
        for node in [&one, &other] {
            assert_eq!(soon(node.news()).await, News::Policy(scope.clone()));
        }
    }
}

/// Nobody else would say so: it has been written, and the node that did was told that it failed.
#[tokio::test]
async fn a_policy_whose_answer_got_lost_is_told_to_the_node_that_wrote_it() {
    let server = Server::start();
    let proxy = Proxy::to(server.port()).await;
    let limit = Duration::from_millis(300);
    let options = RedisOptions { time_limit: limit, ..RedisOptions::default() };
    let (far, _) = RedisStore::open(&proxy.url, options).await.unwrap();
    assert_eq!(soon(far.news()).await, News::Missed);
    // The server knows the script from now on.
    write(&far, &Scope::Organization).await;
    assert_eq!(soon(far.news()).await, News::Policy(Scope::Organization));
    // It is sent after this, and its answer does not come back.
    let audit = |_| {
        proxy.hold_answers();
        String::new()
    };
    let scope = Scope::Group("night".into());
    let rule = Rule { scope: &scope, text: Some("{}"), expected: None, now: 1, audit: &audit };
    assert!(far.write_policy(rule).await.is_err());
    proxy.mend();
    let told = soon(far.news()).await;
    assert!(told == News::Policy(scope.clone()) || told == News::Missed, "{told:?}");
    assert_eq!(at_last(|| far.policy(&scope)).await.1.as_deref(), Some("{}"));
}

#[tokio::test]
async fn more_news_than_anybody_asked_for_are_one() {
    let server = Server::start();
    let (one, other) = (listening(&server.url()).await, node(&server.url()).await);
    insert_many(&one, 0..5000).await;
    one.insert(key(5000), record()).await.unwrap();
    assert_eq!(soon(other.news()).await, News::Missed);
    let last = async { while other.news().await != News::Session(key(5000)) {} };
    soon(last).await;
}
