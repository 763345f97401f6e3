//! A token does not choose how it is checked (RFC 8725, sections 2.1 and 3.1).

use serde_json::{Value, json};
use stillhere_authority::issuers::{Issuer, JwtIssuer, Rejected};

use crate::{
    provider::{AUDIENCE, Provider, now_ms},
    signer::encoded,
};

fn claims(provider: &Provider) -> Value {
    let exp = now_ms() / 1000 + 600;
    json!({ "iss": provider.issuer, "aud": AUDIENCE, "sub": "ann", "exp": exp })
}

/// Whom the issuer takes it for; all algorithms that there are can be pinned.
async fn taken_for(provider: &Provider, token: &str) -> Option<String> {
    let all = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];
    let issuer = JwtIssuer::new(provider.jwt_settings(&all)).unwrap();
    match issuer.identify(token, now_ms()).await {
        Ok(identity) => Some(identity.user),
        Err(Rejected::Invalid(_)) => None,
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn what_the_providers_own_key_signed_is_taken() {
    // The others differ from this one in one thing each.
    let provider = Provider::shared();
    let wish = json!({ "header": { "alg": "RS256" }, "claims": claims(provider) });
    let token = provider.forge(wish).await;
    assert_eq!(taken_for(provider, &token).await.as_deref(), Some("ann"));
}

#[tokio::test]
async fn no_signature_is_none() {
    let provider = Provider::shared();
    for alg in ["none", "None", "NONE", "nOnE"] {
        let header = encoded(&json!({ "alg": alg, "typ": "JWT" }));
        let token = format!("{header}.{}.", encoded(&claims(provider)));
        assert_eq!(taken_for(provider, &token).await, None);
    }
}

#[tokio::test]
async fn a_public_key_is_no_secret() {
    let provider = Provider::shared();
    for secret in ["pem", "modulus"] {
        let header = json!({ "alg": "HS256" });
        let wish = json!({ "header": header, "claims": claims(provider), "secret": secret });
        assert_eq!(taken_for(provider, &provider.forge(wish).await).await, None);
    }
}

#[tokio::test]
async fn a_key_is_used_with_its_own_algorithm_only() {
    // Signed as RS256 with the key for RS256, and all of these are pinned.
    let provider = Provider::shared();
    for alg in ["RS512", "PS256", "ES256", "EdDSA"] {
        let wish = json!({ "header": { "alg": alg }, "claims": claims(provider) });
        assert_eq!(taken_for(provider, &provider.forge(wish).await).await, None);
    }
}

#[tokio::test]
async fn a_key_that_the_token_brings_is_not_used() {
    let provider = Provider::shared();
    let signer = crate::signer::Signer::new("brought");
    let header = json!({ "kid": "brought", "jwk": signer.jwk(), "jku": "http://127.0.0.1:1/" });
    let token = signer.signed(header, claims(provider));
    assert_eq!(taken_for(provider, &token).await, None);
}
