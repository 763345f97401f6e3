//! New tokens of a sign-in that goes on, or that is over.

use axum::http::Method;
use serde_json::{Value, json};

use crate::rig::{ADMIN, Answer, Rig, TIMEOUT_MS, TOKEN, report};

const NEXT: &str = "the-next-token-of-ann";

async fn register(rig: &Rig, token: &str, user: &str, sign_in: &str) -> Answer {
    let body = json!({ "token": token, "user": user, "sign_in": sign_in });
    rig.call(Method::POST, "/v1/sessions", ADMIN, Some(body)).await
}

async fn signed_in() -> Rig {
    let rig = Rig::new();
    register(&rig, TOKEN, "ann", "monday").await;
    rig
}

async fn next(rig: &Rig) -> Value {
    rig.call(Method::GET, "/v1/session", NEXT, None).await.json()
}

#[tokio::test]
async fn a_token_that_is_renewed_in_the_background_keeps_nobody_signed_in() {
    let rig = signed_in().await;
    rig.clock.advance(TIMEOUT_MS - 1000);
    assert_eq!(register(&rig, NEXT, "ann", "monday").await.json()["remaining_ms"], 1000);
    assert_eq!(next(&rig).await["idle_ms"], TIMEOUT_MS - 1000);
    rig.clock.advance(1000);
    rig.call(Method::GET, "/v1/session", NEXT, None).await.gone("idle");
    let problem = register(&rig, "a-third-token-of-ann", "ann", "monday").await.problem(409);
    assert_eq!(problem["type"], "urn:stillhere:problem:sign-in-over");
    assert_eq!(problem["because"], "idle");
}

#[tokio::test]
async fn it_begins_with_the_newest_activity_of_its_sign_in() {
    let rig = signed_in().await;
    register(&rig, "another-token-of-ann", "ann", "monday").await;
    rig.clock.advance(60_000);
    rig.keep_alive(report(2000)).await;
    register(&rig, NEXT, "ann", "monday").await;
    assert_eq!(next(&rig).await["idle_ms"], 2000);
}

#[tokio::test]
async fn a_token_that_was_given_back_does_not_end_its_sign_in() {
    let rig = signed_in().await;
    rig.call(Method::DELETE, "/v1/session", TOKEN, None).await;
    assert_eq!(register(&rig, NEXT, "ann", "monday").await.status, 201);
}

#[tokio::test]
async fn another_sign_in_and_another_user_begin_anew() {
    let rig = signed_in().await;
    rig.clock.advance(TIMEOUT_MS);
    rig.ask().await.gone("idle");
    assert_eq!(register(&rig, NEXT, "ann", "tuesday").await.status, 201);
    assert_eq!(register(&rig, "the-token-of-bob-bob", "bob", "monday").await.status, 201);
    assert_eq!(next(&rig).await["idle_ms"], 0);
}

#[tokio::test]
async fn a_user_who_was_logged_off_has_to_sign_in_again() {
    let rig = signed_in().await;
    rig.admin(Method::DELETE, "/v1/admin/users/ann/sessions", None).await;
    let problem = register(&rig, NEXT, "ann", "monday").await.problem(409);
    assert_eq!(problem["because"], "revoked");
    assert_eq!(register(&rig, NEXT, "ann", "tuesday").await.status, 201);
}

#[tokio::test]
async fn a_log_off_ends_the_sign_in_of_tokens_given_back_too() {
    let rig = signed_in().await;
    rig.call(Method::DELETE, "/v1/session", TOKEN, None).await;
    rig.admin(Method::DELETE, "/v1/admin/users/ann/sessions", None).await;
    register(&rig, NEXT, "ann", "monday").await.problem(409);
}
