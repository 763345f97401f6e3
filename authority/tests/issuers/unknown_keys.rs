//! Tokens with invented keys do not make the authority a nuisance to the issuer.

use std::sync::Arc;

use futures_util::future::join_all;
use serde_json::json;
use stillhere_authority::issuers::{Issuer, JwtIssuer, JwtSettings, Rejected};
use tokio::sync::Semaphore;

use crate::{
    fake::{Fake, Says},
    signer::{NOW_MS, Signer, jwks},
};

const WAIT_MS: u64 = 10_000;

#[tokio::test]
async fn a_flood_costs_the_issuer_one_answer_in_ten_seconds() {
    let signer = Signer::new("one");
    let fake = Fake::that_says(Says::Json(jwks(&[&signer]))).await;
    let issuer = fake.jwt_issuer();
    for second in 0..30 {
        let now_ms = NOW_MS + second * 1000;
        for stranger in 0..20 {
            let token = Signer::new(&format!("invented-{second}-{stranger}")).token();
            let refused = issuer.identify(&token, now_ms).await;
            assert!(matches!(refused, Err(Rejected::Invalid(_))), "{refused:?}");
        }
        assert_eq!(issuer.identify(&signer.token(), now_ms).await.unwrap().user, "ann");
    }
    assert_eq!(fake.asked(), 3);
}

#[tokio::test]
async fn a_flood_at_the_same_moment_costs_one_answer() {
    let signer = Signer::new("one");
    let permits = Arc::new(Semaphore::new(0));
    let fake = Fake::that_says(Says::Held(permits.clone(), jwks(&[&signer]))).await;
    let issuer = fake.jwt_issuer();
    let tokens: Vec<_> = (0..50).map(|n| Signer::new(&n.to_string()).token()).collect();
    let flood = join_all(tokens.iter().map(|token| issuer.identify(token, NOW_MS)));
    let release = async {
        fake.until_asked(1).await;
        permits.add_permits(50);
    };
    let (refused, ()) = tokio::join!(flood, release);
    assert!(refused.iter().all(|refused| matches!(refused, Err(Rejected::Invalid(_)))));
    assert_eq!(fake.asked(), 1);
}

#[tokio::test]
async fn a_token_of_another_issuer_costs_none() {
    let signer = Signer::new("one");
    let fake = Fake::that_says(Says::Json(jwks(&[&signer]))).await;
    let token = signer.signed(json!({}), json!({ "iss": "https://another.example" }));
    assert!(fake.jwt_issuer().identify(&token, NOW_MS).await.is_err());
    assert_eq!(fake.asked(), 0);
}

#[tokio::test]
async fn who_hangs_up_does_not_keep_new_keys_away() {
    let signer = Signer::new("one");
    let permits = Arc::new(Semaphore::new(0));
    let fake = Fake::that_says(Says::Held(permits.clone(), jwks(&[&signer]))).await;
    let issuer = Arc::new(fake.jwt_issuer());
    let stranger = tokio::spawn({
        let (issuer, token) = (issuer.clone(), Signer::new("invented").token());
        async move { issuer.identify(&token, NOW_MS).await }
    });
    fake.until_asked(1).await;
    stranger.abort();
    assert!(stranger.await.unwrap_err().is_cancelled());
    permits.add_permits(1);
    assert_eq!(issuer.identify(&signer.token(), NOW_MS).await.unwrap().user, "ann");
    assert_eq!(fake.asked(), 1);
}

#[tokio::test]
async fn who_has_a_key_does_not_wait_for_a_fetch() {
    let signer = Signer::new("one");
    let fake = Fake::that_says(Says::Json(jwks(&[&signer]))).await;
    let settings = JwtSettings { max_age_ms: WAIT_MS, ..fake.jwt_settings() };
    let issuer = Arc::new(JwtIssuer::new(settings).unwrap());
    let identify = |token: String| {
        let issuer = issuer.clone();
        async move { issuer.identify(&token, NOW_MS + WAIT_MS).await }
    };
    issuer.identify(&signer.token(), NOW_MS).await.unwrap();
    let permits = Arc::new(Semaphore::new(0));
    fake.now_says(Says::Held(permits.clone(), jwks(&[])));
    let waiting = tokio::spawn(identify(Signer::new("invented").token()));
    fake.until_asked(2).await;
    assert_eq!(identify(signer.token()).await.unwrap().user, "ann");
    permits.add_permits(1);
    assert!(matches!(waiting.await.unwrap(), Err(Rejected::Invalid(_))));
    assert_eq!(fake.asked(), 2);
}
