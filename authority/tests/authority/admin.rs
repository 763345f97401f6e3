//! The administrator's calls.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use stillhere_authority::{Settings, store::Key};

use crate::rig::{ADMIN, Rig, TIMEOUT_MS, TOKEN, report_with_holds, settings};

const CALLS: [(Method, &str); 4] = [
    (Method::POST, "/v1/sessions"),
    (Method::GET, "/v1/admin/sessions"),
    (Method::DELETE, "/v1/admin/sessions/x"),
    (Method::DELETE, "/v1/admin/users/ann/sessions"),
];

#[tokio::test]
async fn nobody_else_may_make_them() {
    let rig = Rig::signed_in().await;
    for (method, path) in CALLS {
        for token in [TOKEN, "administrators-tokeN", "administrators-toke"] {
            let answer = rig.call(method.clone(), path, token, Some(json!({}))).await;
            answer.problem(401);
            assert_eq!(answer.header("www-authenticate"), r#"Bearer error="invalid_token""#);
        }
    }
    let without = Rig::with(Settings { admin_token: None, ..settings() });
    without.call(Method::GET, "/v1/admin/sessions", ADMIN, None).await.problem(401);
}

#[tokio::test]
async fn a_token_is_registered_once() {
    let rig = Rig::new();
    let body = json!({ "token": TOKEN, "user": "ann", "sign_in": "s1", "groups": ["night"] });
    let register = || rig.call(Method::POST, "/v1/sessions", ADMIN, Some(body.clone()));
    let answer = register().await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(answer.json()["remaining_ms"], TIMEOUT_MS);
    register().await.problem(409);
    // Not after its end either: nothing revives.
    rig.clock.advance(TIMEOUT_MS);
    register().await.problem(409);
    rig.ask().await.gone("idle");
}

#[tokio::test]
async fn live_sessions_are_listed_without_their_tokens() {
    let rig = Rig::new();
    let body = json!({ "token": TOKEN, "user": "ann", "sign_in": "s1" });
    rig.call(Method::POST, "/v1/sessions", ADMIN, Some(body)).await;
    rig.register("a-token-that-is-idle", "bob").await;
    rig.clock.advance(TIMEOUT_MS - 1000);
    let call = json!([{ "id": "c1", "reason": "call", "ttl_ms": 5000 }]);
    rig.keep_alive(report_with_holds(200, &call)).await;
    rig.clock.advance(1000);
    let answer = rig.call(Method::GET, "/v1/admin/sessions", ADMIN, None).await;
    let expected = json!({ "sessions": [{
        "id": Key::of(TOKEN).id(),
        "user": "ann",
        "sign_in": "s1",
        "state": "held",
        "idle_ms": 1200,
        "remaining_ms": Value::Null,
        "counts": { "keystrokes": 1, "clicks": 2, "heartbeats": 3, "notes": 4 },
        "contexts": 2,
        "holds": [{ "id": "c1", "reason": "call", "expires_in_ms": 4000 }],
        "keepalives": 1,
        "agent": "test/1",
    }]});
    assert_eq!(answer.json(), expected);
}

#[tokio::test]
async fn one_session_is_revoked_by_its_id() {
    let rig = Rig::signed_in().await;
    rig.register("another-token-of-ann", "ann").await;
    let path = format!("/v1/admin/sessions/{}", Key::of(TOKEN).id());
    for _ in 0..2 {
        let answer = rig.call(Method::DELETE, &path, ADMIN, None).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
    }
    rig.ask().await.gone("revoked");
    let other = rig.call(Method::GET, "/v1/session", "another-token-of-ann", None).await;
    assert_eq!(other.json()["state"], "alive");
    rig.call(Method::DELETE, "/v1/admin/sessions/nobody", ADMIN, None).await.problem(404);
}

#[tokio::test]
async fn all_sessions_of_a_user_are_revoked_and_nobody_elses() {
    let rig = Rig::signed_in().await;
    rig.register("another-token-of-ann", "ann").await;
    rig.register("the-token-of-bob-bob", "bob").await;
    let path = "/v1/admin/users/ann/sessions";
    for ended in [2, 0] {
        let answer = rig.call(Method::DELETE, path, ADMIN, None).await;
        assert_eq!(answer.json(), json!({ "ended": ended }));
    }
    rig.ask().await.gone("revoked");
    let bob = rig.call(Method::GET, "/v1/session", "the-token-of-bob-bob", None).await;
    assert_eq!(bob.json()["state"], "alive");
}

#[test]
fn a_token_is_known_by_its_digest_as_in_the_browser() {
    // printf a-token-of-some-length | openssl dgst -sha256 -binary | basenc --base64url
    assert_eq!(Key::of(TOKEN).id(), "Tw0gWzFqsZaW9S09wIEHpB");
}
