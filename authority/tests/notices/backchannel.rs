//! A relying party is sent a logout token (OpenID Connect Back-Channel Logout 1.0), once nobody of
//! that sign-in is there any more.

use axum::http::Method;
use serde_json::{Value, json};

use crate::{
    fake::{Fake, Got, Says},
    rig::{Rig, START_MS, TIMEOUT_MS},
    tokens::{ISSUER, Keys, checked},
};

fn relying_party(fake: &Fake) -> String {
    let url = &fake.url;
    format!("[[backchannel-logout]]\nname = \"portal\"\nurl = {url:?}\naudience = \"client-1\"\n")
}

async fn rig(fake: &Fake) -> Rig {
    let keys = Keys::new();
    Rig::new(&format!("{}{}", keys.signing("ed25519"), relying_party(fake))).await
}

fn token(got: &Got) -> &str {
    assert_eq!(got.header("content-type"), "application/x-www-form-urlencoded");
    let token = got.body.strip_prefix("logout_token=").expect("no logout token");
    assert!(!token.contains('&') && !token.contains('%'));
    token
}

#[tokio::test]
async fn the_token_is_as_section_2_4_has_it() {
    let keys = Keys::new();
    for key in ["ed25519", "p256"] {
        let mut fake = Fake::that_says([Says::Status(200)]).await;
        let rig = Rig::new(&format!("{}{}", keys.signing(key), relying_party(&fake))).await;
        rig.sign_in("ann", Some("monday")).await;
        rig.clock.advance(TIMEOUT_MS);
        let (header, claims) = checked(&rig, token(&fake.next().await)).await;
        assert_eq!(header.typ.as_deref(), Some("logout+jwt"));
        let now = (START_MS + TIMEOUT_MS) / 1000;
        let expected = json!({
            "iss": ISSUER,
            "aud": "client-1",
            "iat": now,
            "exp": now + 120,
            "jti": claims["jti"],
            "sub": "ann",
            "sid": "monday",
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
        });
        assert_eq!(claims, expected, "{key}");
        assert!(claims["jti"].as_str().is_some_and(|jti| jti.len() > 22));
        let labels = "kind=\"backchannel-logout\",receiver=\"portal\"";
        rig.until(&format!("notices_delivered_total{{{labels}}} 1")).await;
    }
}

#[tokio::test]
async fn a_relying_party_that_could_not_log_out_is_sent_a_token_of_another_name() {
    let mut fake = Fake::that_says([Says::Status(400), Says::Status(204)]).await;
    let rig = rig(&fake).await;
    let ann = rig.sign_in("ann", Some("monday")).await;
    rig.sign_out(&ann).await;
    let (_, first) = checked(&rig, token(&fake.next().await)).await;
    let labels = "kind=\"backchannel-logout\",receiver=\"portal\"";
    rig.until(&format!("notice_attempts_failed_total{{{labels}}} 1")).await;
    rig.clock.advance(5000);
    let (_, second) = checked(&rig, token(&fake.next().await)).await;
    assert_ne!(first["jti"], second["jti"]);
    assert_eq!(second["iat"].as_u64(), Some(START_MS / 1000 + 5));
    rig.until(&format!("notices_delivered_total{{{labels}}} 1")).await;
}

#[tokio::test]
async fn whoever_is_present_in_another_token_of_the_sign_in_is_not_logged_out() {
    let mut fake = Fake::that_says([Says::Status(200)]).await;
    let rig = rig(&fake).await;
    for token in ["a-first-token-of-ann", "a-second-token-of-ann"] {
        rig.register(token, "ann", Some("monday")).await;
    }
    rig.register("a-third-token-of-ann", "ann", Some("tuesday")).await;
    rig.sign_out("a-first-token-of-ann").await;
    let labels = "kind=\"backchannel-logout\",receiver=\"portal\"";
    let lag = format!("notices_lag{{{labels}}} 0");
    rig.until(&lag).await;
    rig.one_end("bob").await;
    assert_eq!(checked(&rig, token(&fake.next().await)).await.1["sub"], "bob");
    rig.sign_out("a-second-token-of-ann").await;
    let (_, claims) = checked(&rig, token(&fake.next().await)).await;
    assert_eq!((&claims["sub"], &claims["sid"]), (&json!("ann"), &json!("monday")));
}

#[tokio::test]
async fn without_a_sign_in_the_user_is_meant_and_only_when_nothing_of_them_lives() {
    let mut fake = Fake::that_says([Says::Status(200)]).await;
    let rig = rig(&fake).await;
    for token in ["a-first-token-of-ann", "a-second-token-of-ann"] {
        rig.register(token, "ann", None).await;
    }
    rig.sign_out("a-first-token-of-ann").await;
    rig.one_end("bob").await;
    assert_eq!(checked(&rig, token(&fake.next().await)).await.1["sub"], "bob");
    rig.sign_out("a-second-token-of-ann").await;
    let (_, claims) = checked(&rig, token(&fake.next().await)).await;
    assert_eq!((&claims["sub"], &claims["sid"]), (&json!("ann"), &Value::Null));
}

#[tokio::test]
async fn without_a_key_there_is_an_empty_set() {
    let rig = Rig::new("").await;
    assert_eq!(rig.get("/v1/jwks.json").await, json!({ "keys": [] }));
    let (_, document) = rig.call(Method::GET, "/openapi.json", None).await;
    assert!(document.contains("/v1/jwks.json"));
}
