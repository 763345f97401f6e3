//! A receiver of shared signals is pushed a security event token (RFC 8417, RFC 8935) that says that
//! a session was revoked (CAEP 1.0).

use axum::http::Method;
use serde_json::{Value, json};
use stillhere_authority::store::Key;

use crate::{
    fake::{Fake, Got, Says},
    rig::{Rig, TIMEOUT_MS},
    tokens::{ISSUER, Keys, checked},
};

const BEARER: &str = "the-receivers-token-0123456789";
const EVENT: &str = "https://schemas.openid.net/secevent/caep/event-type/session-revoked";

async fn rig(fake: &Fake, more: &str) -> Rig {
    let (keys, url) = (Keys::new(), &fake.url);
    let section = format!(
        "[[caep]]\nname = \"soc\"\nurl = {url:?}\naudience = \"https://soc.example\"\n\
         token = {BEARER:?}\n{more}"
    );
    Rig::new(&format!("{}{section}", keys.signing("p256"))).await
}

fn token(got: &Got) -> &str {
    assert_eq!(got.header("content-type"), "application/secevent+jwt");
    assert_eq!(got.header("accept"), "application/json");
    assert_eq!(got.header("authorization"), format!("Bearer {BEARER}"));
    &got.body
}

fn labelled(name: &str, value: u64) -> String {
    format!("{name}{{kind=\"caep\",receiver=\"soc\"}} {value}")
}

#[tokio::test]
async fn the_token_says_which_session_was_revoked_when_and_by_whom() {
    let mut fake = Fake::that_says([Says::Status(202)]).await;
    let rig = rig(&fake, "subject-issuer = \"https://id.example\"\n").await;
    let ann = rig.sign_in("ann", Some("monday")).await;
    rig.clock.advance(TIMEOUT_MS);
    let (header, claims) = checked(&rig, token(&fake.next().await)).await;
    assert_eq!(header.typ.as_deref(), Some("secevent+jwt"));
    let (at, id) = (1_700_000_900, Key::of(&ann).id());
    let expected = json!({
        "iss": ISSUER,
        "aud": "https://soc.example",
        "iat": at,
        "jti": claims["jti"],
        "txn": format!("{id}-{at}"),
        "sub_id": {
            "format": "complex",
            "session": { "format": "opaque", "id": id },
            "user": { "format": "iss_sub", "iss": "https://id.example", "sub": "ann" },
        },
        "events": { EVENT: {
            "event_timestamp": at,
            "initiating_entity": "policy",
            "reason_admin": { "en": "Nobody was active for the idle timeout of 900 s." },
        } },
    });
    assert_eq!(claims, expected);
    rig.until(&labelled("notices_delivered_total", 1)).await;
}

#[tokio::test]
async fn an_end_says_who_set_it_off() {
    let mut fake = Fake::that_says([Says::Status(202)]).await;
    let rig = rig(&fake, "").await;
    let ann = rig.sign_in("ann", None).await;
    rig.sign_out(&ann).await;
    rig.sign_in("bob", None).await;
    rig.log_off("bob").await;
    for (user, initiator) in [("ann", "user"), ("bob", "admin")] {
        let (_, claims) = checked(&rig, token(&fake.next().await)).await;
        let named = json!({ "format": "iss_sub", "iss": ISSUER, "sub": user });
        assert_eq!(claims["sub_id"]["user"], named);
        assert_eq!(claims["events"][EVENT]["initiating_entity"], initiator);
    }
}

#[tokio::test]
async fn a_refusal_with_a_reason_is_final_and_kept_without_our_token() {
    let description = format!("no such stream for {BEARER}\u{7}");
    let body = json!({ "err": "invalid_audience", "description": description });
    let mut fake = Fake::that_says([Says::Json(400, body), Says::Status(202)]).await;
    let rig = rig(&fake, "").await;
    rig.one_end("ann").await;
    rig.one_end("bob").await;
    fake.next().await;
    rig.until(&labelled("notices_dead_total", 1)).await;
    let (_, claims) = checked(&rig, token(&fake.next().await)).await;
    assert_eq!(claims["sub_id"]["user"]["sub"], "bob");
    let letters = rig.get("/v1/admin/dead-letters").await["dead_letters"].clone();
    let why = "the receiver refused it: invalid_audience: no such stream for [secret]";
    assert_eq!((&letters[0]["error"], &letters[0]["receiver"]), (&json!(why), &json!("caep:soc")));
    assert_eq!(letters[0]["attempts"], 1);
    assert_eq!(letters[1], Value::Null);
    let (_, all) = rig.call(Method::GET, "/v1/admin/dead-letters", None).await;
    assert!(!all.contains(BEARER));
}

#[tokio::test]
async fn anything_but_202_is_tried_again_under_the_same_name() {
    let says = [400, 200, 401, 500, 202].map(Says::Status);
    let mut fake = Fake::that_says(says).await;
    let rig = rig(&fake, "").await;
    rig.one_end("ann").await;
    let (_, first) = checked(&rig, token(&fake.next().await)).await;
    let mut pause = 5000;
    for failed in 1..=4 {
        rig.until(&labelled("notice_attempts_failed_total", failed)).await;
        rig.clock.advance(pause);
        pause *= 2;
        let (_, again) = checked(&rig, token(&fake.next().await)).await;
        assert_eq!(again, first);
    }
    rig.until(&labelled("notices_delivered_total", 1)).await;
}
