//! How a store is opened, and what is said when it cannot be.

use std::time::Duration;

use stillhere_authority::store::{
    Store, StoreError, Whose,
    redis::{RedisOptions, RedisStore},
};

use crate::{
    rig::{key, known, node, read, record, touch},
    server::Server,
};

async fn refused(url: &str) -> String {
    refused_within(url, Duration::from_secs(10)).await
}

async fn refused_within(url: &str, time_limit: Duration) -> String {
    let options = RedisOptions { time_limit, ..<_>::default() };
    match RedisStore::open(url, options).await {
        Ok(_) => panic!("{url} was opened"),
        Err(StoreError(why)) => why,
    }
}

#[tokio::test]
async fn what_cannot_be_opened_is_said_in_a_sentence() {
    assert!(refused("localhost").await.contains("redis://HOST:PORT/DB"));
    assert!(refused("http://localhost").await.contains("redis://HOST:PORT/DB"));
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let why = refused(&format!("redis://{nobody}")).await;
    assert!(why.starts_with("Redis"), "{why}");
    // Somebody listens there and never says a word.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}", silent.local_addr().unwrap());
    let why = refused_within(&url, Duration::from_millis(300)).await;
    assert!(why.starts_with("Redis"), "{why}");
}

#[tokio::test]
async fn two_authorities_share_a_server_by_their_prefixes() {
    let server = Server::start();
    let options = RedisOptions { prefix: "other:".to_owned(), ..<_>::default() };
    let (other, _) = RedisStore::open(&server.url(), options).await.unwrap();
    let node = node(&server.url()).await;
    node.insert(key(1), record()).await.unwrap();
    assert_eq!(read(&other, &key(1)).await.unwrap(), None);
    assert_eq!(other.find(Whose::Everybody).await.unwrap(), []);
}

#[tokio::test]
async fn a_server_that_does_not_tell_its_setup_and_asks_for_a_password_will_do() {
    let server = Server::with(&["--rename-command", "CONFIG", "", "--requirepass", "secret"]);
    let url = server.url().replace("redis://", "redis://:secret@");
    let node = node(&url).await;
    node.insert(key(1), record()).await.unwrap();
    touch(&node, &key(1)).await.unwrap();
    assert_eq!(known(&node, &key(1)).await.keepalives, 1);
    assert!(!format!("{node:?}").contains("secret"));
    let why = refused(&server.url()).await;
    assert!(why.contains("NOAUTH"), "{why}");
}
