//! The clock that nodes share.

use redis::Value;
use stillhere_authority::clock::Clock;

use crate::{
    rig::{command, node_and_clock},
    server::Server,
};

async fn server_ms(url: &str) -> u64 {
    let Value::Array(parts) = command(url, &["TIME"]).await else { panic!("no time") };
    let number = |part: &Value| match part {
        Value::BulkString(digits) => String::from_utf8_lossy(digits).parse::<u64>().unwrap(),
        other => panic!("{other:?}"),
    };
    number(&parts[0]) * 1000 + number(&parts[1]) / 1000
}

#[tokio::test]
async fn it_shows_what_the_server_says_and_goes_on_without_it() {
    let mut server = Server::start();
    let (_one, clock) = node_and_clock(&server.url()).await;
    let (_other, same) = node_and_clock(&server.url()).await;
    let before = server_ms(&server.url()).await;
    let shown = [clock.now_ms(), same.now_ms()];
    let after = server_ms(&server.url()).await;
    for now in shown {
        assert!(now + 100 > before && now < after + 100, "{before} {now} {after}");
    }
    assert!(shown[0].abs_diff(shown[1]) < 100);
    server.kill();
    // The real clock is the point: this one runs while the server is away.
    clock.sleep_until(shown[0] + 50).await;
    assert!(clock.now_ms() >= shown[0] + 50);
}
