//! A JWT that is not for here, not of now or not of this issuer is nobody's.

use serde_json::{Value, json};
use stillhere_authority::issuers::{Issuer, JwtIssuer, JwtSettings, Rejected};

use crate::{
    fake::{Fake, Says},
    provider::{AUDIENCE, Provider, now_ms},
    signer::{NOW_MS, Signer, jwks},
};

#[track_caller]
fn is_invalid<T: std::fmt::Debug>(result: Result<T, Rejected>, why: &str) {
    match result {
        Err(Rejected::Invalid(sentence)) => assert!(sentence.contains(why), "{sentence}"),
        other => panic!("{why}: {other:?}"),
    }
}

/// What the issuer of `signer` says to a token with these.
async fn with(header: Value, claims: Value) -> Result<String, Rejected> {
    let signer = Signer::new("one");
    let fake = Fake::that_says(Says::Json(jwks(&[&signer]))).await;
    let token = signer.signed(header, claims);
    fake.jwt_issuer().identify(&token, NOW_MS).await.map(|identity| identity.user)
}

#[tokio::test]
async fn another_audience() {
    let provider = Provider::shared();
    let wish = json!({ "user": "ann", "audience": "https://elsewhere.example" });
    let token = provider.mint(wish).await;
    is_invalid(provider.jwt_issuer().identify(&token, now_ms()).await, "audience");
    is_invalid(with(json!({}), json!({ "aud": null })).await, "audience");
    let longer = format!("{}-2", crate::signer::AUDIENCE);
    is_invalid(with(json!({}), json!({ "aud": [longer] })).await, "audience");
    let several = json!({ "aud": ["elsewhere", crate::signer::AUDIENCE] });
    assert_eq!(with(json!({}), several).await.unwrap(), "ann");
}

#[tokio::test]
async fn another_issuer_whose_keys_are_the_same() {
    let provider = Provider::shared();
    let issuer = format!("{}/", provider.issuer);
    let settings = JwtSettings { issuer, ..provider.jwt_settings(&["RS256"]) };
    let issuer = JwtIssuer::new(settings).unwrap();
    is_invalid(issuer.identify(&provider.mint_jwt().await, now_ms()).await, "another issuer");
    is_invalid(with(json!({}), json!({ "iss": null })).await, "another issuer");
    let several = json!({ "iss": [crate::signer::ISSUER] });
    is_invalid(with(json!({}), several).await, "another issuer");
}

#[tokio::test]
async fn an_expired_one_by_the_time_that_is_given() {
    let provider = Provider::shared();
    let token = provider.mint(json!({ "user": "ann", "audience": AUDIENCE, "ttl": 300 })).await;
    let issuer = provider.jwt_issuer();
    let expires_at_ms = issuer.identify(&token, now_ms()).await.unwrap().expires_at_ms.unwrap();
    let end_ms = expires_at_ms + 60_000;
    assert_eq!(issuer.identify(&token, end_ms - 1).await.unwrap().user, "ann");
    is_invalid(issuer.identify(&token, end_ms).await, "expired");
}

#[tokio::test]
async fn one_that_never_expires() {
    is_invalid(with(json!({}), json!({ "exp": null })).await, "when it expires");
}

#[tokio::test]
async fn one_that_is_not_valid_yet() {
    let after = |seconds: u64| json!({ "nbf": NOW_MS / 1000 + seconds });
    assert_eq!(with(json!({}), after(60)).await.unwrap(), "ann");
    is_invalid(with(json!({}), after(61)).await, "not valid yet");
}

#[tokio::test]
async fn one_that_was_changed() {
    let provider = Provider::shared();
    let (ann, ben) = (provider.mint_jwt().await, {
        provider.mint(json!({ "user": "ben", "audience": AUDIENCE })).await
    });
    let part = |token: &str, at: usize| token.split('.').nth(at).unwrap().to_owned();
    let issuer = provider.jwt_issuer();
    let bens_claims = format!("{}.{}.{}", part(&ann, 0), part(&ben, 1), part(&ann, 2));
    is_invalid(issuer.identify(&bens_claims, now_ms()).await, "signature");
    let bens_signature = format!("{}.{}.{}", part(&ann, 0), part(&ann, 1), part(&ben, 2));
    is_invalid(issuer.identify(&bens_signature, now_ms()).await, "signature");
    let unsigned = format!("{}.{}.", part(&ann, 0), part(&ann, 1));
    is_invalid(issuer.identify(&unsigned, now_ms()).await, "signature");
}

#[tokio::test]
async fn one_under_an_algorithm_that_is_not_pinned() {
    let provider = Provider::shared();
    let wish = json!({ "user": "ann", "audience": AUDIENCE, "alg": "ES256" });
    let token = provider.mint(wish).await;
    is_invalid(provider.jwt_issuer().identify(&token, now_ms()).await, "algorithm");
}

#[tokio::test]
async fn one_of_another_type() {
    for typ in ["logout+jwt", "dpop+jwt", "secevent+jwt"] {
        is_invalid(with(json!({ "typ": typ }), json!({})).await, "type");
    }
    for typ in ["JWT", "jwt", "at+jwt", "application/at+jwt"] {
        assert_eq!(with(json!({ "typ": typ }), json!({})).await.unwrap(), "ann");
    }
}

#[tokio::test]
async fn one_that_needs_an_extension() {
    let header = json!({ "crit": ["exp"], "exp": 1 });
    is_invalid(with(header, json!({})).await, "extension");
}

#[tokio::test]
async fn one_of_nobody() {
    is_invalid(with(json!({}), json!({ "sub": null })).await, "no claim \"sub\"");
    is_invalid(with(json!({}), json!({ "sub": "" })).await, "\"sub\"");
}

#[tokio::test]
async fn what_is_no_jwt_at_all() {
    let provider = Provider::shared();
    let opaque = provider.mint(json!({ "user": "ann" })).await;
    let issuer = provider.jwt_issuer();
    for token in [opaque.as_str(), "", ".", "..", "a.b.c", "a.b.c.d.e", "e30.e30."] {
        is_invalid(issuer.identify(token, now_ms()).await, "no signed JWT");
    }
}
