//! A server that is told to stop closes streams, finishes requests, and does not wait forever.

use axum::http::Method;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::rig::{PATIENCE, Served, TOKEN};

#[tokio::test]
async fn open_streams_do_not_hold_a_shutdown_up() {
    let served = Served::signed_in().await;
    let mut events = served.events().await;
    events.next().await;
    let ready = || served.rig.call(Method::GET, "/readyz", TOKEN, None);
    assert_eq!(ready().await.status, 200);
    served.stop.send(()).unwrap();
    // The stream closes without an `ended`: the session lives on.
    assert_eq!(events.next().await, None);
    tokio::time::timeout(PATIENCE, served.running).await.unwrap().unwrap().unwrap();
    assert_eq!(served.rig.ask().await.json()["state"], "alive");
    let refused = served.rig.call(Method::GET, "/readyz", TOKEN, None).await;
    refused.problem(503);
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(served.rig.call(Method::GET, "/healthz", TOKEN, None).await.status, 200);
}

#[tokio::test]
async fn a_request_that_never_finishes_is_dropped_after_ten_seconds() {
    let mut served = Served::signed_in().await;
    let mut stuck = TcpStream::connect(served.url.trim_start_matches("http://")).await.unwrap();
    let head = format!(
        "POST /v1/keepalive HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\n\
         content-type: application/json\r\ncontent-length: 100\r\n\r\n{{"
    );
    stuck.write_all(head.as_bytes()).await.unwrap();
    // Another connection's answer: by now the first is being read.
    served.get("/healthz").send().await.unwrap();
    served.stop.send(()).unwrap();
    served.rig.state.stopped().await;
    let everybody_had_a_turn = async || {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    };
    everybody_had_a_turn().await;
    served.rig.clock.advance(9_999);
    everybody_had_a_turn().await;
    assert!(!served.running.is_finished());
    served.rig.clock.advance(1);
    tokio::time::timeout(PATIENCE, &mut served.running).await.unwrap().unwrap().unwrap();
}
