//! A valid JWT says whose it is.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use stillhere_authority::issuers::{Identity, Issuer, JwtIssuer, JwtSettings, Rejected};

use crate::{
    fake::{Fake, Says},
    provider::{AUDIENCE, Provider, now_ms},
    signer::{NOW_MS, Signer, jwks},
};

#[tokio::test]
async fn user_sign_in_groups_and_expiry_are_read_under_every_algorithm() {
    let provider = Provider::shared();
    let all = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];
    for alg in all {
        let wish = json!({
            "user": "ann", "audience": AUDIENCE, "alg": alg, "ttl": 300, "sid": "sign-in-1",
            "claims": { "groups": ["night", "support"] },
        });
        let before_ms = now_ms();
        let token = provider.mint(wish).await;
        let issuer = JwtIssuer::new(provider.jwt_settings(&[alg])).unwrap();
        let identity = issuer.identify(&token, now_ms()).await.unwrap();
        let expires_at_ms = identity.expires_at_ms.unwrap();
        // The provider counts in whole seconds.
        assert!(expires_at_ms.abs_diff(before_ms + 300_000) < 10_000, "{expires_at_ms}");
        let expected = Identity {
            user: "ann".into(),
            sign_in: Some("sign-in-1".into()),
            groups: vec!["night".into(), "support".into()],
            expires_at_ms: Some(expires_at_ms),
        };
        assert_eq!(identity, expected, "{alg}");
    }
}

#[tokio::test]
async fn sign_in_and_groups_may_be_missing() {
    let provider = Provider::shared();
    let token = provider.mint_jwt().await;
    let identity = provider.jwt_issuer().identify(&token, now_ms()).await.unwrap();
    assert_eq!((identity.user.as_str(), identity.sign_in), ("ann", None));
    assert!(identity.groups.is_empty());
}

#[tokio::test]
async fn claims_may_have_other_names() {
    let provider = Provider::shared();
    let claims = json!({ "email": "ann@example.org", "roles": "admin" });
    let wish = json!({ "user": "ann", "audience": AUDIENCE, "claims": claims });
    let mut settings = provider.jwt_settings(&["RS256"]);
    settings.claims.user = "email".into();
    settings.claims.groups = Some("roles".into());
    let issuer = JwtIssuer::new(settings).unwrap();
    let identity = issuer.identify(&provider.mint(wish).await, now_ms()).await.unwrap();
    assert_eq!(identity.user, "ann@example.org");
    assert_eq!(identity.groups, ["admin"]);
}

#[tokio::test]
async fn a_token_from_the_token_endpoint_is_taken() {
    let provider = Provider::shared();
    let form = "grant_type=client_credentials&resource=https%3A%2F%2Fstillhere.example";
    let answer: Value = serde_json::from_str(&provider.call("/token", form).await).unwrap();
    let token = answer["access_token"].as_str().unwrap();
    let identity = provider.jwt_issuer().identify(token, now_ms()).await.unwrap();
    // Where a program has the token for itself, it is the subject (RFC 9068, section 2.2).
    assert_eq!(identity.user, "app");
}

#[tokio::test]
async fn keys_are_fetched_once_for_many_tokens() {
    let signer = Signer::new("one");
    let fake = Fake::that_says(Says::Json(jwks(&[&signer]))).await;
    let issuer = fake.jwt_issuer();
    for user in ["ann", "ben", "cid"] {
        let token = signer.signed(json!({ "typ": "at+jwt" }), json!({ "sub": user }));
        assert_eq!(issuer.identify(&token, NOW_MS).await.unwrap().user, user);
    }
    assert_eq!(fake.asked(), 1);
}

#[tokio::test]
async fn a_token_names_no_key_where_there_is_one_only() {
    let signer = Signer::new("one");
    let fake = Fake::that_says(Says::Json(jwks(&[&signer]))).await;
    let token = signer.signed(json!({ "kid": null }), json!({}));
    assert_eq!(fake.jwt_issuer().identify(&token, NOW_MS).await.unwrap().user, "ann");
}

#[tokio::test]
async fn a_key_may_be_written_with_a_zero_before_it() {
    let provider = Provider::shared();
    let url = format!("{}/jwks", provider.issuer);
    let mut keys: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
    for key in keys["keys"].as_array_mut().unwrap() {
        let Some(n) = key["n"].as_str() else { continue };
        let number = [vec![0], URL_SAFE_NO_PAD.decode(n).unwrap()].concat();
        key["n"] = URL_SAFE_NO_PAD.encode(number).into();
    }
    let fake = Fake::that_says(Says::Json(keys)).await;
    let settings = JwtSettings { jwks_url: fake.url.clone(), ..provider.jwt_settings(&["RS256"]) };
    let issuer = JwtIssuer::new(settings).unwrap();
    let token = provider.mint_jwt().await;
    assert_eq!(issuer.identify(&token, now_ms()).await.unwrap().user, "ann");
}

#[tokio::test]
async fn https_is_spoken_where_the_address_says_so() {
    // A server that does not speak it: what comes is not a request.
    let fake = Fake::that_says(Says::Json(jwks(&[]))).await;
    let url = fake.url.replace("http://", "https://");
    let settings = JwtSettings { jwks_url: url, ..fake.jwt_settings() };
    let issuer = JwtIssuer::new(settings).unwrap();
    let refused = issuer.identify(&Signer::new("one").token(), NOW_MS).await;
    assert!(matches!(refused, Err(Rejected::Unreachable(_))));
    assert_eq!(fake.asked(), 0);
}
