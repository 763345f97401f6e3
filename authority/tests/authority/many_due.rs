//! Many tokens that are due together.

use std::sync::Arc;

use stillhere_authority::run;
use tokio::{net::TcpListener, sync::Barrier};

use crate::{
    rig::{PATIENCE, TIMEOUT_MS},
    shared::Shared,
};

#[tokio::test]
async fn none_waits_for_the_end_of_another() {
    let store = Arc::new(Shared::default());
    let node = store.node().await;
    for number in 0..4 {
        node.register(&format!("a-token-of-some-length-{number}"), "ann").await;
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let running = tokio::spawn(run(listener, node.state.clone(), std::future::pending()));
    // From now on a change is made once four are wanted.
    assert!(store.together.set(Barrier::new(4)).is_ok());
    let ended = async {
        while !node.metrics().await.contains("stillhere_ends_total{because=\"idle\"} 4") {
            node.clock.advance(TIMEOUT_MS);
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, ended).await.expect("one waits for another");
    running.abort();
}
