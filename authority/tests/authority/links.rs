//! Tokens of one sign-in, linked or not (`--link-tokens`).

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use stillhere_authority::Settings;

use crate::rig::{ADMIN, Rig, TIMEOUT_MS, TOKEN, settings};

const OTHER: &str = "another-token-of-some-length";

/// Two tokens, each of a user and perhaps a sign-in.
async fn two(link_tokens: bool, owners: [(&str, Option<&str>); 2]) -> Rig {
    let rig = Rig::with(Settings { link_tokens, ..settings() });
    for (token, (user, sign_in)) in [TOKEN, OTHER].into_iter().zip(owners) {
        let body = json!({ "token": token, "user": user, "sign_in": sign_in });
        let answer = rig.call(Method::POST, "/v1/sessions", ADMIN, Some(body)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    }
    rig
}

fn report(holds: &Value) -> Value {
    let counts = json!({ "keystrokes": 7, "clicks": 0, "heartbeats": 0, "notes": 0 });
    json!({ "age_ms": 1_000, "counts": counts, "contexts": 2, "holds": holds, "agent": "test" })
}

async fn other(rig: &Rig) -> Value {
    rig.call(Method::GET, "/v1/session", OTHER, None).await.json()
}

const ANN: (&str, Option<&str>) = ("ann", Some("monday"));

#[tokio::test]
async fn linked_tokens_of_one_sign_in_share_activity() {
    let rig = two(true, [ANN, ANN]).await;
    rig.clock.advance(600_000);
    assert_eq!(rig.keep_alive(report(&json!([]))).await.status, 200);
    assert_eq!(other(&rig).await["idle_ms"], 1_000);
    rig.clock.advance(TIMEOUT_MS - 2_000);
    assert_eq!(other(&rig).await["state"], "alive");
    rig.clock.advance(2_000);
    rig.call(Method::GET, "/v1/session", OTHER, None).await.gone("idle");
}

#[tokio::test]
async fn what_was_counted_stays_with_its_token() {
    let rig = two(true, [ANN, ANN]).await;
    rig.keep_alive(report(&json!([]))).await;
    let sessions = rig.call(Method::GET, "/v1/admin/sessions", ADMIN, None).await.json();
    let mut keys: Vec<u64> = sessions["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|session| session["counts"]["keystrokes"].as_u64().unwrap())
        .collect();
    keys.sort_unstable();
    assert_eq!(keys, [0, 7]);
}

#[tokio::test]
async fn a_hold_keeps_the_linked_ones_too() {
    let rig = two(true, [ANN, ANN]).await;
    let call = json!([{ "id": "c1", "reason": "call", "ttl_ms": 60_000 }]);
    rig.keep_alive(report(&call)).await;
    assert_eq!(other(&rig).await["state"], "held");
    let over = json!([{ "id": "c1", "reason": "call", "ttl_ms": 0 }]);
    rig.keep_alive(report(&over)).await;
    assert_eq!(other(&rig).await["state"], "alive");
}

#[tokio::test]
async fn others_share_nothing() {
    let cases = [
        (false, [ANN, ANN]),
        (true, [ANN, ("ann", Some("tuesday"))]),
        (true, [ANN, ("bob", Some("monday"))]),
        (true, [("ann", None), ("ann", None)]),
    ];
    for (linked, owners) in cases {
        let rig = two(linked, owners).await;
        rig.clock.advance(600_000);
        rig.keep_alive(report(&json!([]))).await;
        assert_eq!(other(&rig).await["idle_ms"], 600_000, "{linked} {owners:?}");
    }
}

#[tokio::test]
async fn one_that_has_ended_is_not_revived_by_the_other() {
    let rig = two(true, [ANN, ANN]).await;
    let because = Some(json!({ "because": "signed-out" }));
    rig.call(Method::DELETE, "/v1/session", OTHER, because).await;
    assert_eq!(rig.keep_alive(report(&json!([]))).await.status, 200, "the first lives");
    rig.call(Method::GET, "/v1/session", OTHER, None).await.gone("signed-out");
}
