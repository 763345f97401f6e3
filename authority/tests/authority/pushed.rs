//! Activity is told to the streams of a token, where there is more than one: at once, at most once a
//! second, and never without the last.

use axum::http::Method;
use serde_json::{Value, json};
use stillhere_authority::Settings;

use crate::rig::{ADMIN, Events, Rig, TOKEN, report, settings};

type Stream = Events<axum::body::BodyDataStream>;

/// Two streams of a token that was registered a minute ago.
async fn two(rig: &Rig, token: &str) -> [Stream; 2] {
    rig.clock.advance(60_000);
    let mut streams = [rig.events_of(token).await, rig.events_of(token).await];
    for stream in &mut streams {
        assert_eq!(idle_at(stream).await, (60_000, 0), "the state at once");
    }
    rig.clock.advance(1_000);
    streams
}

/// What the next event says: how long nobody was active, and when that was so.
async fn idle_at(stream: &mut Stream) -> (u64, u64) {
    let (name, said) = stream.next().await.unwrap();
    assert_eq!(name, "state");
    let number = |what: &Value| what.as_u64().unwrap();
    (number(&said["idle_ms"]), number(&said["at_ms"]))
}

#[tokio::test]
async fn a_keep_alive_is_told_to_both_with_the_time_since_the_stream_began() {
    let rig = Rig::signed_in().await;
    let mut streams = two(&rig, TOKEN).await;
    rig.keep_alive(report(200)).await;
    for stream in &mut streams {
        assert_eq!(idle_at(stream).await, (200, 1_000));
    }
    rig.clock.advance(5_000);
    // One that tells of nothing newer moves nothing, and a question never does.
    rig.keep_alive(report(5_200)).await;
    rig.keep_alive(report(600_000)).await;
    rig.ask().await;
    assert!(streams.iter_mut().all(Events::is_silent));
    rig.keep_alive(report(0)).await;
    for stream in &mut streams {
        assert_eq!(idle_at(stream).await, (0, 6_000), "counted from the start of the stream");
    }
}

#[tokio::test]
async fn the_time_is_that_of_each_stream_alone() {
    let rig = Rig::signed_in().await;
    let mut first = rig.events().await;
    first.next().await;
    rig.clock.advance(700_000);
    let mut second = rig.events().await;
    assert_eq!(idle_at(&mut second).await, (700_000, 0));
    rig.clock.advance(2_000);
    rig.keep_alive(report(0)).await;
    assert_eq!(idle_at(&mut first).await, (0, 702_000));
    assert_eq!(idle_at(&mut second).await, (0, 2_000));
}

#[tokio::test]
async fn at_most_one_a_second_is_told_and_never_without_the_last() {
    let rig = Rig::signed_in().await;
    let mut streams = two(&rig, TOKEN).await;
    rig.keep_alive(report(0)).await;
    for stream in &mut streams {
        assert_eq!(idle_at(stream).await, (0, 1_000));
    }
    for _ in 0..9 {
        rig.clock.advance(100);
        rig.keep_alive(report(0)).await;
        assert!(streams.iter_mut().all(Events::is_silent), "the second is not over");
    }
    rig.clock.advance(99);
    assert!(streams.iter_mut().all(Events::is_silent));
    rig.clock.advance(1);
    for stream in &mut streams {
        assert_eq!(idle_at(stream).await, (100, 2_000), "the last of them");
    }
    rig.clock.advance(5_000);
    assert!(streams.iter_mut().all(Events::is_silent), "once");
}

#[tokio::test]
async fn what_waits_is_told_with_a_hold_that_begins_meanwhile() {
    let rig = Rig::signed_in().await;
    let [mut one, mut two] = two(&rig, TOKEN).await;
    rig.keep_alive(report(0)).await;
    assert_eq!(idle_at(&mut one).await, (0, 1_000));
    rig.clock.advance(300);
    rig.keep_alive(report(0)).await;
    assert!(one.is_silent());
    let holds = json!([{ "id": "c1", "reason": "call", "ttl_ms": 50_000 }]);
    rig.clock.advance(100);
    rig.keep_alive(crate::rig::report_with_holds(50, &holds)).await;
    let (_, said) = one.next().await.unwrap();
    assert_eq!((&said["state"], &said["at_ms"]), (&json!("held"), &json!(1_400)), "at once");
    rig.clock.advance(5_000);
    assert!(one.is_silent(), "and not again");
    assert_eq!(idle_at(&mut two).await, (5_050, 6_400), "a slow stream skips what is old");
}

#[tokio::test]
async fn calls_of_an_api_and_of_the_vendors_sdk_are_told_where_they_count() {
    let rig = Rig::signed_in().await;
    let rules = json!({ "include": ["/api/orders/*"] });
    rig.put_policy("organization", json!({ "api_rules": rules })).await;
    let mut streams = two(&rig, TOKEN).await;
    for (path, counts) in [
        ("/api/v2/tokens/me?preserveIdleTTL=true", false),
        ("/api/v2/tokens/me", true),
        ("/v1/check/api/orders/7", true),
        ("/v1/check/api/poll", false),
    ] {
        rig.clock.advance(5_000);
        let answer = rig.call(Method::GET, path, TOKEN, None).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.text);
        for stream in &mut streams {
            if counts {
                assert_eq!(idle_at(stream).await.0, 0, "{path}");
            }
            assert!(stream.is_silent(), "{path}");
        }
    }
}

#[tokio::test]
async fn activity_of_a_linked_token_is_told_to_the_streams_of_this_one() {
    const OTHER: &str = "another-token-of-some-length";
    for link_tokens in [true, false] {
        let rig = Rig::with(Settings { link_tokens, ..settings() });
        for token in [TOKEN, OTHER] {
            let body = json!({ "token": token, "user": "ann", "sign_in": "monday" });
            rig.call(Method::POST, "/v1/sessions", ADMIN, Some(body)).await;
        }
        let mut streams = two(&rig, OTHER).await;
        rig.keep_alive(report(100)).await;
        for stream in &mut streams {
            if link_tokens {
                assert_eq!(idle_at(stream).await, (100, 1_000));
            }
            assert!(stream.is_silent(), "linked: {link_tokens}");
        }
    }
}

#[tokio::test]
async fn whoever_is_left_alone_is_told_no_more() {
    let rig = Rig::signed_in().await;
    let [mut one, two] = two(&rig, TOKEN).await;
    drop(two);
    rig.keep_alive(report(0)).await;
    assert!(one.is_silent());
}
