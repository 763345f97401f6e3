//! `GET /v1/events`: the state at once, changes when they happen, and activity where somebody else
//! listens who may not have heard of it.

use std::sync::Arc;

use axum::http::Method;
use serde_json::{Value, json};
use stillhere::core::ended::EndedBecause;
use stillhere_authority::{
    AppState,
    clock::ManualClock,
    store::{Effect, Key, Record, Store, Weight, memory::MemoryStore},
};

use crate::rig::{ADMIN, Rig, START_MS, TIMEOUT_MS, TOKEN, report, report_with_holds, settings};

#[tokio::test]
async fn the_state_comes_at_once() {
    let rig = Rig::signed_in().await;
    rig.clock.advance(7);
    let (name, state) = rig.events().await.next().await.unwrap();
    assert_eq!(name, "state");
    assert_eq!(state, at(0, rig.ask().await.json()));
}

/// What an event carries on top of what it says.
fn at(at_ms: u64, mut said: Value) -> Value {
    said["at_ms"] = json!(at_ms);
    said
}

#[tokio::test]
async fn a_stream_alone_is_told_nothing_of_keep_alives_and_questions() {
    let rig = Rig::signed_in().await;
    let mut events = rig.events().await;
    events.next().await;
    for _ in 0..3 {
        rig.clock.advance(1000);
        rig.keep_alive(report(0)).await;
        rig.ask().await;
    }
    assert!(events.is_silent());
}

#[tokio::test]
async fn a_hold_that_begins_and_ends_is_told() {
    let rig = Rig::signed_in().await;
    let mut events = rig.events().await;
    events.next().await;
    let hold = |ttl_ms: u64| json!([{ "id": "c1", "reason": "call", "ttl_ms": ttl_ms }]);
    for (ttl, state) in [(5000, "held"), (0, "alive")] {
        rig.keep_alive(report_with_holds(0, &hold(ttl))).await;
        let (name, data) = events.next().await.unwrap();
        assert_eq!((name.as_str(), &data["state"]), ("state", &json!(state)));
    }
    // Renewing is no change.
    rig.keep_alive(report_with_holds(0, &json!([{"id":"c2","reason":"","ttl_ms":9}]))).await;
    events.next().await;
    rig.keep_alive(report_with_holds(0, &json!([{"id":"c2","reason":"","ttl_ms":99}]))).await;
    assert!(events.is_silent());
}

#[tokio::test]
async fn an_end_is_told_to_every_stream_and_closes_it() {
    let rig = Rig::signed_in().await;
    let mut streams = [rig.events().await, rig.events().await];
    for events in &mut streams {
        events.next().await;
    }
    rig.call(Method::DELETE, "/v1/admin/users/ann/sessions", ADMIN, None).await;
    for events in &mut streams {
        let ended = json!({ "state": "ended", "because": "revoked", "at_ms": 0 });
        let ended = ("ended".to_owned(), ended);
        assert_eq!(events.next().await, Some(ended));
        assert_eq!(events.next().await, None);
    }
}

#[tokio::test]
async fn an_end_whose_answer_the_store_owed_is_told_when_it_is_asked_for_again() {
    let clock = Arc::new(ManualClock::new(START_MS));
    let store = Arc::new(MemoryStore::default());
    let state = AppState::open(settings(), clock.clone(), store.clone()).await.unwrap();
    let rig = Rig::of(state, clock);
    for again in ["/v1/admin/users/ann/sessions", "/v1/admin/sessions/"] {
        let token = format!("a-token-of-some-length-{}", again.len());
        rig.register(&token, "ann").await;
        let key = Key::of(&token);
        let mut events = rig.events_of(&token).await;
        events.next().await;
        // What a store has carried out whose answer was lost: this process knows nothing of it.
        let mut end = |record: &mut Record| {
            record.session.end(START_MS, &settings().policy, EndedBecause::Revoked);
            Effect { weight: Weight::Standing, line: None }
        };
        assert!(store.update(&key, &mut end).await.unwrap());
        assert!(events.is_silent());
        let id = if again.ends_with('/') { key.id() } else { String::new() };
        rig.call(Method::DELETE, &format!("{again}{id}"), ADMIN, None).await;
        assert_eq!(events.next().await.map(|(name, _)| name).as_deref(), Some("ended"), "{again}");
    }
}

#[tokio::test]
async fn a_new_policy_is_told_with_a_higher_version() {
    let rig = Rig::signed_in().await;
    let mut events = rig.events().await;
    events.next().await;
    rig.put_policy("organization", json!({ "idle_timeout_ms": 600_000 })).await;
    let (name, told) = events.next().await.unwrap();
    assert_eq!(name, "policy");
    assert_eq!(told["idle_timeout_ms"], 600_000);
    assert!(told["version"].as_u64().unwrap() > START_MS);
    assert_eq!(told, at(0, rig.ask().await.json()["policy"].take()));
    assert!(events.is_silent());
}

#[tokio::test]
async fn a_dead_token_gets_no_stream() {
    let rig = Rig::signed_in().await;
    rig.clock.advance(TIMEOUT_MS);
    rig.call(Method::GET, "/v1/events", TOKEN, None).await.gone("idle");
}

#[tokio::test]
async fn open_streams_are_counted_and_bounded() {
    let rig = Rig::signed_in().await;
    let mut open = Vec::new();
    for _ in 0..64 {
        open.push(rig.events().await);
    }
    assert!(rig.metrics().await.contains("stillhere_event_streams 64\n"));
    rig.call(Method::GET, "/v1/events", TOKEN, None).await.problem(429);
    drop(open);
    assert!(rig.metrics().await.contains("stillhere_event_streams 0\n"));
    rig.events().await;
}
