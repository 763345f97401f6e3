//! A webhook says who was logged out and why, under a signature that its receiver can check.

use axum::http::Method;
use serde_json::json;
use standardwebhooks::Webhook;
use stillhere_authority::store::Key;

use crate::{
    fake::{Fake, Got},
    rig::{Rig, SECRET, START_MS, TIMEOUT_MS, webhook},
};

const OTHER: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// Checks a message with the library of the specification's authors, which reads the real clock: the
/// signature is checked under its own time, and the time on its own.
fn check(got: &Got, secret: &str, now_ms: u64) {
    let seconds: i64 = got.header("webhook-timestamp").parse().unwrap();
    assert_eq!(seconds.unsigned_abs(), now_ms / 1000);
    let library = Webhook::new(secret).unwrap();
    let signature = library.sign(got.header("webhook-id"), seconds, got.body.as_bytes()).unwrap();
    let given: Vec<_> = got.header("webhook-signature").split(' ').collect();
    assert!(given.contains(&signature.as_str()), "{signature} is not in {given:?}");
}

#[tokio::test]
async fn it_says_what_ended_and_why() {
    let mut fake = Fake::new().await;
    let rig = Rig::new(&webhook(&fake)).await;
    let token = rig.sign_in("ann", Some("monday")).await;
    rig.clock.advance(TIMEOUT_MS);
    let got = fake.next().await;
    check(&got, SECRET, START_MS + TIMEOUT_MS);
    assert_eq!(got.header("content-type"), "application/json");
    assert!(got.header("webhook-id").starts_with("msg_"));
    let expected = json!({
        "type": "session.ended",
        "timestamp": "2023-11-14T22:28:20.000Z",
        "data": {
            "user": "ann",
            "session_id": Key::of(&token).id(),
            "sign_in": "monday",
            "because": "idle",
            "at": "2023-11-14T22:28:20.000Z",
            "began_at": "2023-11-14T22:13:20.000Z",
            "active_at": "2023-11-14T22:13:20.000Z",
            "idle_timeout_ms": TIMEOUT_MS,
            "presence": "Offline",
            "routing_status": "OFF_QUEUE",
        },
    });
    assert_eq!(got.json(), expected);
    rig.until_crm("notices_delivered_total", 1).await;
    rig.until_crm("notices_lag", 0).await;
}

#[tokio::test]
async fn while_secrets_are_exchanged_either_checks_it() {
    let mut fake = Fake::new().await;
    let config = webhook(&fake).replace(SECRET, &format!("{SECRET}\", \"{OTHER}"));
    let rig = Rig::new(&config).await;
    rig.one_end("ann").await;
    let got = fake.next().await;
    check(&got, SECRET, START_MS);
    check(&got, OTHER, START_MS);
    assert_eq!(got.header("webhook-signature").split(' ').count(), 2);
}

#[tokio::test]
async fn nobody_is_told_of_what_was_only_observed() {
    let mut fake = Fake::new().await;
    let rig = Rig::new(&webhook(&fake)).await;
    let policy = "/v1/admin/policy/organization";
    let observe = Some(json!({ "mode": "observe" }));
    assert_eq!(rig.call(Method::PUT, policy, observe).await.0, 200);
    rig.sign_in("ann", None).await;
    rig.clock.advance(TIMEOUT_MS);
    while rig.get("/v1/admin/ends").await["ends"].as_array().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    rig.one_end("bob").await;
    assert_eq!(fake.next().await.user(), "bob");
    rig.until_crm("notices_lag", 0).await;
    fake.is_silent();
}

#[tokio::test]
async fn a_new_receiver_is_not_told_of_the_past() {
    let (first, mut second) = (Fake::new().await, Fake::new().await);
    let clock = std::sync::Arc::new(stillhere_authority::clock::ManualClock::new(START_MS));
    let store = std::sync::Arc::new(stillhere_authority::store::memory::MemoryStore::default());
    let rig = Rig::with(&webhook(&first), clock.clone(), store.clone()).await;
    rig.one_end("ann").await;
    rig.until_crm("notices_delivered_total", 1).await;
    rig.stop().await;
    let config = crate::rig::webhook_named("other", &second);
    let rig = Rig::with(&config, clock, store).await;
    rig.until("notices_lag{kind=\"webhook\",receiver=\"other\"} 0").await;
    rig.one_end("bob").await;
    assert_eq!(second.next().await.user(), "bob");
}
