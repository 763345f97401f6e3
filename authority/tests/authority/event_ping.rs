//! A silent event stream has a comment as often as the administrator says, or none.

use std::time::Duration;

use futures_util::StreamExt;
use stillhere_authority::Settings;
use tokio::time::{Instant, timeout};

use crate::rig::{Rig, TOKEN, settings};

/// What comes on a stream after its first state, and how long after, if within a day.
async fn after_the_state(rig: Rig) -> Option<(String, Duration)> {
    rig.register(TOKEN, "ann").await;
    let mut bytes = rig.event_bytes_of(TOKEN).await;
    let first = bytes.next().await.unwrap().unwrap();
    assert!(first.starts_with(b"event: state\n"), "{first:?}");
    let began = Instant::now();
    let next = timeout(Duration::from_secs(86_400), bytes.next()).await.ok()?;
    let next = String::from_utf8(next.unwrap().unwrap().to_vec()).unwrap();
    Some((next, began.elapsed()))
}

#[tokio::test(start_paused = true)]
async fn a_comment_comes_before_a_proxy_would_cut() {
    let (comment, after) = after_the_state(Rig::new()).await.unwrap();
    assert_eq!(comment, ": ping\n\n", "a comment is no event");
    assert_eq!(after.as_secs(), 45);
}

#[tokio::test(start_paused = true)]
async fn the_administrator_says_how_often() {
    let rig = Rig::with(Settings { event_ping_ms: 5000, ..settings() });
    assert_eq!(after_the_state(rig).await.unwrap().1.as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn there_need_be_none() {
    let rig = Rig::with(Settings { event_ping_ms: 0, ..settings() });
    assert_eq!(after_the_state(rig).await, None);
}
