//! Tokens that nobody registered: the whole authority, with the provider behind it.

use std::sync::Arc;

use axum::http::Method;
use serde_json::{Value, json};
use stillhere_authority::{
    AppState, Settings, clock::ManualClock, issuers::IssuerSettings, store::memory::MemoryStore,
};

use crate::{
    provider::{Provider, now_ms},
    rig::{Rig, TIMEOUT_MS, report, settings},
};

async fn rig(issuers: Vec<IssuerSettings>) -> Rig {
    let clock = Arc::new(ManualClock::new(now_ms()));
    let settings = Settings { issuers, ..settings() };
    let opened = AppState::open(settings, clock.clone(), Arc::new(MemoryStore::default())).await;
    Rig::of(opened.unwrap(), clock)
}

async fn with_jwt(provider: &Provider) -> Rig {
    rig(vec![IssuerSettings::Jwt(provider.jwt_settings(&["RS256"]))]).await
}

async fn with_introspection(provider: &Provider) -> Rig {
    rig(vec![IssuerSettings::Introspection(provider.introspection_settings())]).await
}

/// A JWT that runs out after that many seconds.
async fn jwt(provider: &Provider, ttl: u64) -> String {
    let audience = crate::provider::AUDIENCE;
    let wish = json!({ "user": "ann", "audience": audience, "ttl": ttl, "sid": format!("{ttl}") });
    provider.mint(wish).await
}

async fn check(rig: &Rig, token: &str) -> crate::rig::Answer {
    rig.call(Method::GET, "/v1/check", token, None).await
}

async fn sessions(rig: &Rig) -> Vec<Value> {
    let all = rig.admin(Method::GET, "/v1/admin/sessions", None).await;
    all["sessions"].as_array().unwrap().clone()
}

#[tokio::test]
async fn every_call_takes_one_in_that_its_issuer_vouches_for() {
    let provider = Provider::shared();
    for (method, path, body) in [
        (Method::GET, "/v1/check", None),
        (Method::GET, "/v1/session", None),
        (Method::POST, "/v1/keepalive", Some(report(0))),
        (Method::DELETE, "/v1/session", None),
    ] {
        let rig = with_jwt(provider).await;
        let token = jwt(provider, 300).await;
        let answer = rig.call(method.clone(), path, &token, body).await;
        assert!(answer.status.is_success(), "{method} {path}: {}", answer.text);
        if method == Method::DELETE {
            check(&rig, &token).await.gone("signed-out");
        } else {
            let known = &sessions(&rig).await[0];
            assert_eq!((&known["user"], &known["sign_in"]), (&json!("ann"), &json!("300")));
        }
    }
    let rig = with_jwt(provider).await;
    let token = jwt(provider, 300).await;
    rig.events_of(&token).await.next().await.unwrap();
}

#[tokio::test]
async fn what_no_issuer_vouches_for_is_not_known() {
    let provider = Provider::shared();
    let both = vec![
        IssuerSettings::Jwt(provider.jwt_settings(&["RS256"])),
        IssuerSettings::Introspection(provider.introspection_settings()),
    ];
    let rig = rig(both).await;
    let problem = check(&rig, "was-never-issued-by-this-provider").await.problem(401);
    assert_eq!(problem["type"], "urn:stillhere:problem:invalid-token");
    assert_eq!(sessions(&rig).await, [] as [Value; 0]);
    let opaque = provider.mint(json!({ "user": "bob" })).await;
    assert_eq!(check(&rig, &opaque).await.status, 204, "the second of two issuers");
}

#[tokio::test]
async fn an_issuer_that_is_down_is_no_reason_to_sign_anybody_out() {
    let mut gone = Provider::shared().introspection_settings();
    gone.endpoint = "http://127.0.0.1:9/introspection".into();
    let rig = rig(vec![IssuerSettings::Introspection(gone)]).await;
    let answer = check(&rig, "a-token-of-some-length").await;
    answer.problem(503);
    assert_eq!(answer.header("retry-after"), "1");
}

#[tokio::test]
async fn one_that_idled_out_is_not_taken_in_again_however_long_its_issuer_vouches() {
    let provider = Provider::shared();
    let rig = with_jwt(provider).await;
    let two_days = 2 * 24 * 60 * 60;
    let token = jwt(provider, two_days).await;
    check(&rig, &token).await;
    rig.clock.advance(TIMEOUT_MS);
    check(&rig, &token).await.gone("idle");
    rig.clock.advance((two_days - 60) * 1000 - TIMEOUT_MS);
    rig.look_at_due().await;
    check(&rig, &token).await.gone("idle");
    rig.clock.advance(180_000);
    rig.look_at_due().await;
    let problem = check(&rig, &token).await.problem(401);
    assert_eq!(problem["type"], "urn:stillhere:problem:invalid-token", "forgotten, and run out");
}

#[tokio::test]
async fn the_next_token_of_a_sign_in_that_idled_out_is_refused() {
    let provider = Provider::shared();
    let rig = with_jwt(provider).await;
    let token = jwt(provider, 7200).await;
    check(&rig, &token).await;
    rig.clock.advance(TIMEOUT_MS);
    check(&rig, &token).await.gone("idle");
    let next = jwt(provider, 7200).await;
    assert_ne!(next, token);
    check(&rig, &next).await.gone("idle");
}

#[tokio::test]
async fn one_that_ran_out_passes_no_proxy_but_its_user_is_still_present() {
    let provider = Provider::shared();
    let rig = with_jwt(provider).await;
    let token = jwt(provider, 60).await;
    assert_eq!(check(&rig, &token).await.status, 204);
    rig.clock.advance(61_000);
    let problem = check(&rig, &token).await.problem(401);
    assert_eq!(problem["detail"], "This token has run out at its issuer: renew it.");
    assert!(problem["state"].is_null(), "the session is not over");
    let answer = rig.call(Method::POST, "/v1/keepalive", &token, Some(report(0))).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

#[tokio::test]
async fn a_revocation_at_an_issuer_that_is_asked_is_noticed_within_a_minute() {
    let provider = Provider::shared();
    let rig = with_introspection(provider).await;
    let token = provider.mint(json!({ "user": "ann", "ttl": 3600 })).await;
    assert_eq!(check(&rig, &token).await.status, 204);
    rig.clock.advance(60_000);
    assert_eq!(check(&rig, &token).await.status, 204, "asked again");
    provider.call("/token/revocation", &format!("token={token}")).await;
    rig.clock.advance(59_999);
    assert_eq!(check(&rig, &token).await.status, 204, "not asked yet");
    rig.clock.advance(1);
    check(&rig, &token).await.gone("revoked");
}
