//! What reverse proxies ask: `GET /v1/check`.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use serde_json::json;

use crate::rig::{ADMIN, Answer, Rig, TIMEOUT_MS, TOKEN};

async fn asked(rig: &Rig, names: [&str; 2], method: &str, uri: &str) -> Answer {
    let request = Request::builder()
        .uri("/v1/check")
        .header(header::AUTHORIZATION, format!("Bearer {TOKEN}"))
        .header(names[0], method)
        .header(names[1], uri)
        .body(Body::empty());
    rig.send(request.unwrap()).await
}

const NGINX: [&str; 2] = ["x-original-method", "x-original-uri"];
const TRAEFIK: [&str; 2] = ["x-forwarded-method", "x-forwarded-uri"];

async fn idle(rig: &Rig) -> u64 {
    rig.ask().await.json()["idle_ms"].as_u64().unwrap()
}

#[tokio::test]
async fn a_live_token_passes_and_says_whose_it_is() {
    let rig = Rig::new();
    rig.register(TOKEN, "Zoë").await;
    let answer = rig.call(Method::GET, "/v1/check", TOKEN, None).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(answer.headers["x-stillhere-user"].as_bytes(), "Zoë".as_bytes());
    assert_eq!(answer.text, "");
}

#[tokio::test]
async fn a_dead_or_unknown_token_does_not() {
    let rig = Rig::signed_in().await;
    rig.call(Method::GET, "/v1/check", "a-token-of-nobody-here", None).await.problem(401);
    rig.clock.advance(TIMEOUT_MS);
    rig.call(Method::GET, "/v1/check", TOKEN, None).await.gone("idle");
    let other = rig.call(Method::POST, "/v1/check/api/orders", TOKEN, None).await;
    other.gone("idle");
}

#[tokio::test]
async fn no_call_is_activity_unless_a_rule_says_so() {
    let rig = Rig::signed_in().await;
    rig.clock.advance(1000);
    asked(&rig, NGINX, "POST", "/api/orders").await;
    rig.call(Method::POST, "/v1/check/api/orders", TOKEN, None).await;
    assert_eq!(idle(&rig).await, 1000);
    let rules = json!({ "include": ["POST /api/**"], "exclude": ["/api/poll"] });
    rig.put_policy("organization", json!({ "api_rules": rules })).await;
    for (names, method, uri, counts) in [
        (NGINX, "POST", "/api/orders/7?x=1", true),
        (TRAEFIK, "POST", "/api/orders/7", true),
        (NGINX, "GET", "/api/orders/7", false),
        (NGINX, "POST", "/api/poll?really", false),
        (NGINX, "POST", "/other", false),
        (NGINX, "POST", "no target", false),
    ] {
        let before = idle(&rig).await;
        rig.clock.advance(1000);
        let answer = asked(&rig, names, method, uri).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
        assert_eq!(idle(&rig).await, if counts { 0 } else { before + 1000 }, "{method} {uri}");
    }
}

#[tokio::test]
async fn envoy_names_the_request_by_path_and_method() {
    let rig = Rig::signed_in().await;
    let rules = json!({ "include": ["PUT /api/orders/*"] });
    rig.put_policy("organization", json!({ "api_rules": rules })).await;
    rig.clock.advance(1000);
    rig.call(Method::GET, "/v1/check/api/orders/7", TOKEN, None).await;
    assert_eq!(idle(&rig).await, 1000);
    let answer = rig.call(Method::PUT, "/v1/check/api/orders/7?x=1", TOKEN, None).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text);
    assert_eq!(idle(&rig).await, 0);
}

#[tokio::test]
async fn what_was_called_is_shown_with_whether_it_counted() {
    let rig = Rig::signed_in().await;
    rig.put_policy("organization", json!({ "api_rules": { "include": ["/api/orders/*"] } })).await;
    asked(&rig, NGINX, "GET", "/api/poll").await;
    rig.clock.advance(12_000);
    asked(&rig, NGINX, "GET", "/api/orders/17").await;
    asked(&rig, NGINX, "GET", "/api/orders/18").await;
    rig.clock.advance(3000);
    let session = rig.admin(Method::GET, "/v1/admin/sessions", None).await["sessions"][0].clone();
    let expected = json!([
        { "what": "GET /api/poll", "age_ms": 15_000, "counted": false },
        { "what": "GET /api/orders/*", "age_ms": 3000, "counted": true },
    ]);
    assert_eq!(session["calls"], expected);
    assert_eq!(session["newest"][0]["kind"], "api_calls");
    let why = "The newest activity of ann was a counted API call (GET /api/orders/*) 3s ago; without \
               more it ends in 14m 57s (idle timeout 15m, from the server's settings).";
    assert_eq!(session["why"], why);
}

#[tokio::test]
async fn a_counted_call_counts_for_linked_tokens_too() {
    let rig = Rig::new();
    let policy = json!({ "link_tokens": true, "api_rules": { "include": ["/**"] } });
    rig.put_policy("organization", policy).await;
    for token in [TOKEN, "another-token-of-ann"] {
        let body = json!({ "token": token, "user": "ann", "sign_in": "monday" });
        rig.call(Method::POST, "/v1/sessions", ADMIN, Some(body)).await;
    }
    rig.clock.advance(5000);
    rig.call(Method::GET, "/v1/check", "another-token-of-ann", None).await;
    assert_eq!(idle(&rig).await, 0);
}

#[tokio::test]
async fn checks_are_counted() {
    let rig = Rig::signed_in().await;
    rig.call(Method::GET, "/v1/check", TOKEN, None).await;
    rig.call(Method::GET, "/v1/check", "a-token-of-nobody-here", None).await;
    assert!(rig.metrics().await.contains("stillhere_checks_total 1\n"));
}
