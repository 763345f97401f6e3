//! The administrator's calls.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use stillhere_authority::{
    Settings,
    admins::{AdminToken, Scope},
    store::Key,
};

use crate::rig::{ADMIN, Rig, TIMEOUT_MS, TOKEN, report_with_holds, settings};

/// Each of the administrator's calls, and the scope that it needs.
const CALLS: [(Method, &str, &str); 18] = [
    (Method::POST, "/v1/sessions", "tokens:register"),
    (Method::GET, "/v1/admin/sessions", "sessions:read"),
    (Method::GET, "/v1/admin/sessions/x", "sessions:read"),
    (Method::DELETE, "/v1/admin/sessions/x", "sessions:end"),
    (Method::DELETE, "/v1/admin/users/ann/sessions", "sessions:end"),
    (Method::GET, "/v1/admin/users/ann/policy", "policy:read"),
    (Method::GET, "/v1/admin/policy", "policy:read"),
    (Method::PUT, "/v1/admin/policy/organization", "policy:write"),
    (Method::GET, "/v1/admin/policy/groups/night", "policy:read"),
    (Method::PUT, "/v1/admin/policy/groups/night", "policy:write"),
    (Method::DELETE, "/v1/admin/policy/groups/night", "policy:write"),
    (Method::GET, "/v1/admin/policy/users/ann", "policy:read"),
    (Method::PUT, "/v1/admin/policy/users/ann", "policy:write"),
    (Method::DELETE, "/v1/admin/policy/users/ann", "policy:write"),
    (Method::PUT, "/v1/admin/policy/users/ann/shift", "policy:write"),
    (Method::GET, "/v1/admin/ends", "logs:read"),
    (Method::GET, "/v1/admin/audit", "logs:read"),
    (Method::GET, "/v1/admin/audit?limit=1", "logs:read"),
];

#[tokio::test]
async fn nobody_else_may_make_them() {
    let rig = Rig::signed_in().await;
    for (method, path, _) in CALLS {
        for token in [TOKEN, "administrators-tokeN", "administrators-toke"] {
            // Who guesses more often than this is slowed down.
            rig.clock.advance(1000);
            let answer = rig.call(method.clone(), path, token, Some(json!({}))).await;
            answer.problem(401);
            assert_eq!(answer.header("www-authenticate"), r#"Bearer error="invalid_token""#);
        }
    }
    let without = Rig::with(Settings { admins: Vec::new(), ..settings() });
    without.call(Method::GET, "/v1/admin/sessions", ADMIN, None).await.problem(401);
}

#[tokio::test]
async fn a_token_of_some_scopes_makes_only_their_calls() {
    for scope in Scope::ALL {
        let digest = AdminToken::of_all_scopes("", ADMIN).digest;
        let admins = vec![
            AdminToken::of_all_scopes("another", "the-token-of-another-one"),
            AdminToken { name: "only".into(), digest, scopes: vec![scope] },
        ];
        let rig = Rig::with(Settings { admins, ..settings() });
        for (method, path, needs) in CALLS {
            let answer = rig.call(method.clone(), path, ADMIN, Some(json!({}))).await;
            if needs == scope.name() {
                assert_ne!(answer.status, StatusCode::FORBIDDEN, "{method} {path}");
            } else {
                let problem = answer.problem(403);
                let expected = format!(r#"Bearer error="insufficient_scope", scope="{needs}""#);
                assert_eq!(answer.header("www-authenticate"), expected, "{method} {path}");
                assert!(problem["detail"].as_str().unwrap().contains(needs));
            }
        }
    }
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
        "groups": [],
        "state": "held",
        "began_at": "2023-11-14T22:13:20.000Z",
        "idle_ms": 1200,
        "remaining_ms": Value::Null,
        "idle_timeout_ms": TIMEOUT_MS,
        "why": "An open interaction holds it: call, for 4s unless it is renewed.",
        "newest": [
            { "kind": "keystrokes", "at": "2023-11-14T22:28:18.800Z" },
            { "kind": "clicks", "at": "2023-11-14T22:28:18.800Z" },
            { "kind": "heartbeats", "at": "2023-11-14T22:28:18.800Z" },
            { "kind": "notes", "at": "2023-11-14T22:28:18.800Z" },
        ],
        "calls": [],
        "counts": { "keystrokes": 1, "clicks": 2, "heartbeats": 3, "notes": 4, "system": 0 },
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
