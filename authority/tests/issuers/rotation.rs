//! The issuer changes its keys and the authority goes on.

use stillhere_authority::issuers::{Issuer, JwtIssuer, JwtSettings, Rejected};

use crate::{
    fake::{Fake, Says},
    provider::{Provider, now_ms},
    signer::{NOW_MS, Signer, jwks},
};

#[tokio::test]
async fn tokens_under_new_keys_are_taken_and_those_under_the_old_no_longer() {
    let provider = Provider::start();
    let issuer = provider.jwt_issuer();
    let old = provider.mint_jwt().await;
    let now_ms = now_ms();
    assert_eq!(issuer.identify(&old, now_ms).await.unwrap().user, "ann");
    provider.rotate().await;
    let new = provider.mint_jwt().await;
    // Not at once: a token with an invented key looks the same.
    assert!(issuer.identify(&new, now_ms + 9_999).await.is_err());
    assert_eq!(issuer.identify(&new, now_ms + 10_000).await.unwrap().user, "ann");
    let refused = issuer.identify(&old, now_ms + 10_000).await;
    assert!(matches!(refused, Err(Rejected::Invalid(_))), "{refused:?}");
}

#[tokio::test]
async fn a_withdrawn_key_is_noticed_though_nobody_uses_another() {
    let signer = Signer::new("one");
    let fake = Fake::that_says(Says::Json(jwks(&[&signer]))).await;
    let settings = JwtSettings { max_age_ms: 300_000, ..fake.jwt_settings() };
    let issuer = JwtIssuer::new(settings).unwrap();
    assert!(issuer.identify(&signer.token(), NOW_MS).await.is_ok());
    fake.now_says(Says::Json(jwks(&[&Signer::new("two")])));
    assert!(issuer.identify(&signer.token(), NOW_MS + 299_999).await.is_ok());
    let refused = issuer.identify(&signer.token(), NOW_MS + 300_000).await;
    assert!(matches!(refused, Err(Rejected::Invalid(_))), "{refused:?}");
    assert_eq!(fake.asked(), 2);
}
