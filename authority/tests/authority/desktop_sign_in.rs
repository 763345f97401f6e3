//! Signing in to the desktop app through the browser: an authorization code with PKCE.

use axum::{
    body::Body,
    http::{Method, Request, header},
};
use serde_json::{Value, json};
use stillhere_authority::Settings;
use url::form_urlencoded::Serializer;

use crate::{
    demo::demo,
    rig::{Answer, Rig, TIMEOUT_MS, TOKEN, settings},
};

/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const FORM: &str = "application/x-www-form-urlencoded";

fn asked() -> Value {
    json!({
        "client_id": "stillhere-desktop",
        "redirect_uri": "stillhere://signed-in",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    })
}

async fn signed_in() -> Rig {
    let rig = demo();
    rig.register(TOKEN, "ann").await;
    rig
}

async fn authorize(rig: &Rig, asked: Value) -> Answer {
    rig.call(Method::POST, "/demo/authorize", TOKEN, Some(asked)).await
}

async fn code(rig: &Rig) -> String {
    let answer = authorize(rig, asked()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["code"].as_str().unwrap().to_owned()
}

async fn post(rig: &Rig, media_type: &str, body: String) -> Answer {
    let request = Request::post("/demo/token").header(header::CONTENT_TYPE, media_type);
    rig.send(request.body(Body::from(body)).unwrap()).await
}

/// The right fields for a code, some of them replaced; an empty one counts as left out.
async fn redeem(rig: &Rig, code: &str, other: &[(&str, &str)]) -> Answer {
    let right = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", "stillhere://signed-in"),
        ("client_id", "stillhere-desktop"),
        ("code_verifier", VERIFIER),
    ];
    let mut form = Serializer::new(String::new());
    for (name, value) in right {
        let replaced = other.iter().find(|(other, _)| *other == name);
        form.append_pair(name, replaced.map_or(value, |(_, value)| value));
    }
    post(rig, FORM, form.finish()).await
}

/// Asserts that it is the error of RFC 6749, section 5.2.
#[track_caller]
fn refused(answer: &Answer, error: &str) {
    assert_eq!(answer.status, 400, "{}", answer.text);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.json()["error"], error, "{}", answer.text);
    let description = answer.json()["error_description"].as_str().unwrap().to_owned();
    assert!(description.ends_with('.') && !description.contains(['"', '\\']), "{description}");
}

#[tokio::test]
async fn a_code_gives_the_token_of_the_session_once() {
    let rig = signed_in().await;
    let code = code(&rig).await;
    assert_eq!(code.len(), 43, "256 bits");
    let answer = redeem(&rig, &code, &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("pragma"), "no-cache");
    let expected = json!({ "access_token": TOKEN, "token_type": "Bearer", "user": "ann" });
    assert_eq!(answer.json(), expected);
    refused(&redeem(&rig, &code, &[]).await, "invalid_grant");
}

#[tokio::test]
async fn a_code_that_somebody_else_tried_is_dead() {
    let rig = signed_in().await;
    for wrong in [
        ("code_verifier", "another-verifier-that-nobody-made-a-challenge-of"),
        ("code_verifier", "short"),
        ("code_verifier", CHALLENGE),
        ("redirect_uri", "stillhere://signed-in/"),
    ] {
        let code = code(&rig).await;
        refused(&redeem(&rig, &code, &[wrong]).await, "invalid_grant");
        refused(&redeem(&rig, &code, &[]).await, "invalid_grant");
    }
}

#[tokio::test]
async fn a_request_that_says_too_little_leaves_the_code_alone() {
    let rig = signed_in().await;
    let code = code(&rig).await;
    for (field, value, error) in [
        ("grant_type", "", "invalid_request"),
        ("grant_type", "password", "unsupported_grant_type"),
        ("client_id", "", "invalid_request"),
        ("client_id", "another-app", "invalid_client"),
        ("redirect_uri", "", "invalid_request"),
        ("code_verifier", "", "invalid_request"),
        ("code", "", "invalid_request"),
        ("code", VERIFIER, "invalid_grant"),
    ] {
        refused(&redeem(&rig, &code, &[(field, value)]).await, error);
    }
    refused(&post(&rig, FORM, String::new()).await, "invalid_request");
    refused(&post(&rig, FORM, "code=1&code=2".to_owned()).await, "invalid_request");
    refused(&post(&rig, "application/json", "{}".to_owned()).await, "invalid_request");
    assert_eq!(redeem(&rig, &code, &[]).await.status, 200);
}

#[tokio::test]
async fn a_code_waits_for_a_minute() {
    let rig = signed_in().await;
    let (first, second) = (code(&rig).await, code(&rig).await);
    rig.clock.advance(59_999);
    assert_eq!(redeem(&rig, &first, &[]).await.status, 200);
    rig.clock.advance(1);
    refused(&redeem(&rig, &second, &[]).await, "invalid_grant");
}

#[tokio::test]
async fn a_code_gives_nothing_once_the_session_is_over() {
    let rig = signed_in().await;
    let code = code(&rig).await;
    rig.call(Method::DELETE, "/v1/session", TOKEN, None).await;
    refused(&redeem(&rig, &code, &[]).await, "invalid_grant");
}

#[tokio::test]
async fn without_a_live_session_there_is_no_code() {
    let rig = demo();
    authorize(&rig, asked()).await.problem(401);
    let request = Request::post("/demo/authorize").header(header::CONTENT_TYPE, "application/json");
    let answer = rig.send(request.body(Body::from(asked().to_string())).unwrap()).await;
    assert_eq!(answer.header("www-authenticate"), "Bearer");
    answer.problem(401);
    rig.register(TOKEN, "ann").await;
    rig.clock.advance(TIMEOUT_MS);
    authorize(&rig, asked()).await.gone("idle");
}

#[tokio::test]
async fn only_the_desktop_app_with_a_challenge_gets_a_code() {
    let rig = signed_in().await;
    for (field, wrong) in [
        ("client_id", json!("another-app")),
        ("redirect_uri", json!("stillhere://signed-in/")),
        ("redirect_uri", json!("https://evil.example")),
        ("code_challenge_method", json!("plain")),
        ("code_challenge", json!("short")),
        ("code_challenge", json!(format!("{CHALLENGE}="))),
        ("code_challenge", Value::Null),
    ] {
        let mut body = asked();
        body[field] = wrong;
        let problem = authorize(&rig, body).await.problem(422);
        assert!(problem["detail"].as_str().unwrap().contains(field), "{problem}");
    }
}

#[tokio::test]
async fn to_ask_for_a_code_and_to_redeem_it_is_no_activity() {
    let rig = signed_in().await;
    rig.clock.advance(1000);
    redeem(&rig, &code(&rig).await, &[]).await;
    assert_eq!(rig.ask().await.json()["idle_ms"], 1000);
}

#[tokio::test]
async fn too_many_codes_wait_and_take_nobody_s_away() {
    let www = Some(env!("CARGO_TARGET_TMPDIR").into());
    let rig = Rig::with(Settings { dev: true, www, calls_per_second: 0, ..settings() });
    rig.register(TOKEN, "ann").await;
    let first = code(&rig).await;
    rig.clock.advance(20_000);
    for _ in 1..256 {
        code(&rig).await;
    }
    let full = authorize(&rig, asked()).await;
    full.problem(429);
    assert_eq!(full.header("retry-after"), "41", "40 s, and no part of a second too early");
    assert_eq!(redeem(&rig, &first, &[]).await.status, 200);
    code(&rig).await;
    authorize(&rig, asked()).await.problem(429);
    rig.clock.advance(60_000);
    code(&rig).await;
}

#[tokio::test]
async fn without_the_demo_there_are_no_codes() {
    let rig = Rig::signed_in().await;
    authorize(&rig, asked()).await.problem(404);
    redeem(&rig, "code", &[]).await.problem(404);
}
