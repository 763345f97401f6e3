//! The server ends and comes back.

use stillhere_authority::store::{Log, News, Store};

use crate::{
    rig::{
        at_last, command, is_revoked, key, known, listening, node, read, record, revoke, soon,
        touch,
    },
    server::Server,
};

#[tokio::test]
async fn an_acknowledged_end_survives_a_crash_and_the_node_goes_on_by_itself() {
    let mut server = Server::durable();
    let node = listening(&server.url()).await;
    for number in 0..20 {
        node.insert(key(number), record()).await.unwrap();
        touch(&node, &key(number)).await.unwrap();
    }
    for number in 0..20 {
        assert!(revoke(&node, &key(number)).await.unwrap());
    }
    server.kill();
    assert!(node.ready().await.is_err());
    assert!(touch(&node, &key(0)).await.is_err(), "nothing is known about the token");
    server.restart();
    at_last(|| node.ready()).await;
    for number in 0..20 {
        let record = known(&node, &key(number)).await;
        assert!(is_revoked(&record) && record.keepalives == 1);
    }
    assert_eq!(node.lines(Log::Ends, None, 99).await.unwrap().len(), 20);
    assert_eq!(soon(node.news()).await, News::Missed);
    // And hears again.
    let other = crate::rig::node(&server.url()).await;
    revoke(&other, &key(3)).await.unwrap();
    assert_eq!(soon(node.news()).await, News::Session(key(3)));
}

#[tokio::test]
async fn a_server_that_forgot_the_scripts_is_told_them_again() {
    let server = Server::start();
    let node = node(&server.url()).await;
    node.insert(key(1), record()).await.unwrap();
    touch(&node, &key(1)).await.unwrap();
    command(&server.url(), &["SCRIPT", "FLUSH"]).await;
    assert!(touch(&node, &key(1)).await.unwrap());
    assert_eq!(known(&node, &key(1)).await.keepalives, 2);
}

#[tokio::test]
async fn a_server_that_lost_everything_is_believed() {
    let mut server = Server::start();
    let node = node(&server.url()).await;
    node.insert(key(1), record()).await.unwrap();
    server.kill();
    server.restart();
    at_last(|| node.ready()).await;
    assert_eq!(read(&node, &key(1)).await.unwrap(), None);
    assert!(node.insert(key(1), record()).await.unwrap());
}
