//! How often somebody may call, and that nobody signed in pays for strangers.

use axum::{
    body::Body,
    http::{Method, Request, header},
};
use serde_json::json;
use stillhere_authority::Settings;

use crate::rig::{ADMIN, Answer, Rig, TOKEN, settings};

async fn rig(calls_per_second: u32, behind_proxy: bool) -> Rig {
    let rig = Rig::with(Settings { calls_per_second, behind_proxy, ..settings() });
    rig.register(TOKEN, "ann").await;
    rig
}

async fn admin_from(rig: &Rig, token: &str, forwarded_for: &str) -> Answer {
    let request = Request::builder()
        .uri("/v1/admin/sessions")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header("x-forwarded-for", forwarded_for)
        .body(Body::empty());
    rig.send(request.unwrap()).await
}

#[tokio::test]
async fn a_token_that_calls_too_often_is_told_to_wait_and_lives_on() {
    let rig = rig(2, false).await;
    for _ in 0..20 {
        assert_eq!(rig.ask().await.status, 200);
    }
    let answer = rig.ask().await;
    let problem = answer.problem(429);
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(problem["detail"], "Too many calls: wait 1 s before the next one.");
    rig.register("another-token-of-ann", "ann").await;
    let other = rig.call(Method::GET, "/v1/session", "another-token-of-ann", None).await;
    assert_eq!(other.status, 200, "another token has limits of its own");
    rig.clock.advance(1000);
    assert_eq!(rig.ask().await.status, 200);
}

#[tokio::test]
async fn there_need_be_no_limit() {
    let rig = rig(0, false).await;
    for _ in 0..500 {
        assert_eq!(rig.ask().await.status, 200);
    }
}

#[tokio::test]
async fn proxies_ask_as_often_as_their_application_is_called() {
    let rig = rig(1, false).await;
    for _ in 0..100 {
        assert_eq!(rig.call(Method::GET, "/v1/check", TOKEN, None).await.status, 204);
    }
}

#[tokio::test]
async fn whoever_guesses_at_the_administrators_token_is_slowed_down() {
    let rig = rig(0, false).await;
    for _ in 0..20 {
        admin_from(&rig, "not-the-administrators-token", "").await.problem(401);
    }
    admin_from(&rig, "not-the-administrators-token", "").await.problem(429);
    assert_eq!(admin_from(&rig, ADMIN, "").await.status, 200, "the administrator is not");
    rig.clock.advance(1000);
    admin_from(&rig, "not-the-administrators-token", "").await.problem(401);
}

#[tokio::test]
async fn behind_a_proxy_the_address_is_the_one_that_the_proxy_saw() {
    let rig = rig(0, true).await;
    for number in 0..20 {
        let forged = format!("198.51.100.{number}, 203.0.113.7");
        admin_from(&rig, "not-the-administrators-token", &forged).await.problem(401);
    }
    admin_from(&rig, "not-the-administrators-token", "203.0.113.7").await.problem(429);
    admin_from(&rig, "not-the-administrators-token", "203.0.113.8").await.problem(401);
    let without = self::rig(0, false).await;
    for number in 0..20 {
        let forged = format!("203.0.113.{number}");
        admin_from(&without, "not-the-administrators-token", &forged).await.problem(401);
    }
    let forged = "203.0.113.99";
    admin_from(&without, "not-the-administrators-token", forged).await.problem(429);
    let policy = json!({ "idle_timeout_ms": 600_000 });
    without.put_policy("organization", policy).await;
}
