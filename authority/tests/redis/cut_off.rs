//! A node loses its server while others do not.

use std::time::{Duration, Instant};

use stillhere_authority::store::{
    News, Store,
    redis::{RedisOptions, RedisStore},
};

use crate::{
    proxy::Proxy,
    rig::{at_last, is_revoked, key, known, listening, node, record, revoke, soon, touch},
    server::Server,
};

#[tokio::test]
async fn a_node_that_was_cut_off_says_so_and_reads_the_truth() {
    let server = Server::start();
    let proxy = Proxy::to(server.port()).await;
    let (far, near) = (listening(&proxy.url).await, node(&server.url()).await);
    far.insert(key(1), record()).await.unwrap();
    proxy.cut();
    assert!(far.ready().await.is_err());
    assert!(revoke(&near, &key(1)).await.unwrap());
    assert!(touch(&far, &key(1)).await.is_err(), "what it remembers is no answer");
    proxy.mend();
    assert_eq!(soon(far.news()).await, News::Missed);
    at_last(|| far.ready()).await;
    assert!(is_revoked(&known(&far, &key(1)).await));
    revoke(&near, &key(1)).await.unwrap();
    assert_eq!(soon(far.news()).await, News::Session(key(1)), "it hears again");
}

/// The far node gave up, and what it had sent arrives all the same.
#[tokio::test]
async fn what_arrives_late_changes_nothing_that_came_before() {
    let server = Server::start();
    let proxy = Proxy::to(server.port()).await;
    let options =
        RedisOptions { time_limit: Duration::from_millis(300), ..RedisOptions::default() };
    let (far, _) = RedisStore::open(&proxy.url, options).await.unwrap();
    let near = node(&server.url()).await;
    far.insert(key(1), record()).await.unwrap();
    proxy.hold();
    assert!(touch(&far, &key(1)).await.is_err());
    assert!(revoke(&near, &key(1)).await.unwrap());
    proxy.mend();
    let token = key(1);
    at_last(|| touch(&far, &token)).await;
    let record = known(&near, &token).await;
    assert!(is_revoked(&record) && record.keepalives == 0, "{record:?}");
}

/// A firewall that forgot a connection says nothing. The real clock is the point here.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "how long it takes is measured")]
async fn a_connection_that_fell_silent_is_given_up_in_time() {
    let server = Server::start();
    let proxy = Proxy::to(server.port()).await;
    let options =
        RedisOptions { time_limit: Duration::from_millis(300), ..RedisOptions::default() };
    let (far, _) = RedisStore::open(&proxy.url, options).await.unwrap();
    assert_eq!(soon(far.news()).await, News::Missed);
    far.insert(key(1), record()).await.unwrap();
    proxy.silence();
    let asked = Instant::now();
    let why = touch(&far, &key(1)).await.unwrap_err();
    let took = asked.elapsed();
    assert!(took >= Duration::from_millis(300) && took < Duration::from_secs(5), "{took:?}");
    assert_eq!(why.0, "Redis did not answer within 300 ms");
    // What comes after goes over a new connection.
    let token = key(1);
    assert!(at_last(|| touch(&far, &token)).await);
    assert_eq!(soon(far.news()).await, News::Missed, "the ear notices by itself");
}
