//! A token that only the issuer understands is asked about (RFC 7662).

use serde_json::json;
use stillhere_authority::issuers::{
    Identity, IntrospectionIssuer, IntrospectionSettings, Issuer, Rejected,
};

use crate::provider::{Provider, now_ms};

fn issuer(provider: &Provider) -> IntrospectionIssuer {
    IntrospectionIssuer::new(provider.introspection_settings()).unwrap()
}

#[track_caller]
fn is_invalid<T: std::fmt::Debug>(result: Result<T, Rejected>, why: &str) {
    match result {
        Err(Rejected::Invalid(sentence)) => assert!(sentence.contains(why), "{sentence}"),
        other => panic!("{why}: {other:?}"),
    }
}

#[tokio::test]
async fn an_active_one_says_whose_it_is() {
    let provider = Provider::shared();
    let wish = json!({
        "user": "ann", "ttl": 300, "sid": "sign-in-1", "claims": { "groups": ["night"] },
    });
    let before_ms = now_ms();
    let token = provider.mint(wish).await;
    let identity = issuer(provider).identify(&token, now_ms()).await.unwrap();
    let expires_at_ms = identity.expires_at_ms.unwrap();
    assert!(expires_at_ms.abs_diff(before_ms + 300_000) < 10_000, "{expires_at_ms}");
    let expected = Identity {
        user: "ann".into(),
        sign_in: Some("sign-in-1".into()),
        groups: vec!["night".into()],
        expires_at_ms: Some(expires_at_ms),
    };
    assert_eq!(identity, expected);
}

#[tokio::test]
async fn a_revoked_one_is_nobodys() {
    let provider = Provider::shared();
    let token = provider.mint(json!({ "user": "ann" })).await;
    let issuer = issuer(provider);
    assert!(issuer.identify(&token, now_ms()).await.is_ok());
    provider.call("/token/revocation", &format!("token={token}")).await;
    is_invalid(issuer.identify(&token, now_ms()).await, "not active");
}

#[tokio::test]
async fn an_unknown_one_is_nobodys() {
    let provider = Provider::shared();
    let token = "was-never-issued-by-this-provider-to-anyone";
    is_invalid(issuer(provider).identify(token, now_ms()).await, "not active");
    // What would end the form's field if it were not encoded.
    let token = "x&token=y&active=true+%00";
    is_invalid(issuer(provider).identify(token, now_ms()).await, "not active");
}

#[tokio::test]
async fn one_of_a_program_has_no_user() {
    let provider = Provider::shared();
    let answer = provider.call("/token", "grant_type=client_credentials").await;
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    let token = answer["access_token"].as_str().unwrap();
    is_invalid(issuer(provider).identify(token, now_ms()).await, "no claim \"sub\"");
}

#[tokio::test]
async fn an_expired_one_is_nobodys_by_the_time_that_is_given() {
    let provider = Provider::shared();
    let token = provider.mint(json!({ "user": "ann", "ttl": 300 })).await;
    let issuer = issuer(provider);
    let expires_at_ms = issuer.identify(&token, now_ms()).await.unwrap().expires_at_ms.unwrap();
    let end_ms = expires_at_ms + 60_000;
    assert!(issuer.identify(&token, end_ms - 1).await.is_ok());
    is_invalid(issuer.identify(&token, end_ms).await, "expired");
}

#[tokio::test]
async fn a_wrong_password_says_nothing_about_the_token() {
    let provider = Provider::shared();
    let token = provider.mint(json!({ "user": "ann" })).await;
    let settings = IntrospectionSettings {
        client_secret: "wrong".to_owned().into(),
        ..provider.introspection_settings()
    };
    let issuer = IntrospectionIssuer::new(settings).unwrap();
    match issuer.identify(&token, now_ms()).await {
        Err(Rejected::Unreachable(why)) => assert!(why.contains("401"), "{why}"),
        other => panic!("{other:?}"),
    }
}
