//! The issuer's keys cannot be fetched.

use stillhere_authority::issuers::{
    Issuer, JwtIssuer, JwtSettings, Rejected, settings::AnswerLimits,
};

use crate::{
    fake::{Fake, Says, nobody, short_limits, soon},
    signer::{NOW_MS, Signer, jwks},
};

#[track_caller]
fn is_unreachable<T: std::fmt::Debug>(result: Result<T, Rejected>, why: &str) {
    match result {
        Err(Rejected::Unreachable(sentence)) => assert!(sentence.contains(why), "{sentence}"),
        other => panic!("{why}: {other:?}"),
    }
}

/// What comes of a token when its keys are fetched there.
async fn at(fake: &Fake) -> Result<String, Rejected> {
    let issuer = JwtIssuer::new(JwtSettings { limits: short_limits(), ..fake.jwt_settings() });
    let token = Signer::new("one").token();
    issuer.unwrap().identify(&token, NOW_MS).await.map(|identity| identity.user)
}

#[tokio::test]
async fn the_keys_that_are_known_go_on() {
    let signer = Signer::new("one");
    let fake = Fake::that_says(Says::Json(jwks(&[&signer]))).await;
    let issuer = fake.jwt_issuer();
    assert!(issuer.identify(&signer.token(), NOW_MS).await.is_ok());
    fake.now_says(Says::Status(503));
    // Old enough that each of these would fetch them.
    for now_ms in [NOW_MS + 300_000, NOW_MS + 310_000, NOW_MS + 320_000] {
        assert_eq!(issuer.identify(&signer.token(), now_ms).await.unwrap().user, "ann");
        // It may be a new one of the issuer's, or invented.
        is_unreachable(issuer.identify(&Signer::new("two").token(), now_ms).await, "503");
    }
    assert_eq!(fake.asked(), 4);
}

#[tokio::test]
async fn a_set_that_cannot_be_read_replaces_nothing() {
    let signer = Signer::new("one");
    let fake = Fake::that_says(Says::Json(jwks(&[&signer]))).await;
    let issuer = fake.jwt_issuer();
    assert!(issuer.identify(&signer.token(), NOW_MS).await.is_ok());
    fake.now_says(Says::Text("<html>maintenance</html>"));
    assert!(issuer.identify(&signer.token(), NOW_MS + 300_000).await.is_ok());
    assert_eq!(fake.asked(), 2);
}

#[tokio::test]
async fn without_any_nothing_is_known_until_they_can_be_fetched() {
    let signer = Signer::new("one");
    let fake = Fake::that_says(Says::Status(500)).await;
    let issuer = fake.jwt_issuer();
    is_unreachable(issuer.identify(&signer.token(), NOW_MS).await, "500");
    fake.now_says(Says::Json(jwks(&[&signer])));
    is_unreachable(issuer.identify(&signer.token(), NOW_MS + 9_999).await, "500");
    assert_eq!(issuer.identify(&signer.token(), NOW_MS + 10_000).await.unwrap().user, "ann");
}

#[tokio::test]
async fn nobody_listens() {
    let signer = Signer::new("one");
    let fake = Fake::that_says(Says::Nothing).await;
    let settings = JwtSettings { jwks_url: nobody().await, ..fake.jwt_settings() };
    let issuer = JwtIssuer::new(settings).unwrap();
    is_unreachable(issuer.identify(&signer.token(), NOW_MS).await, "Connection refused");
}

#[tokio::test]
async fn no_answer_in_time() {
    for says in [Says::Nothing, Says::Half] {
        is_unreachable(soon(at(&Fake::that_says(says).await)).await, "within 100ms");
    }
}

#[tokio::test]
async fn an_answer_without_end() {
    let fake = Fake::that_says(Says::Endless).await;
    let limits = AnswerLimits { max_body: 64 * 1024, ..AnswerLimits::default() };
    let issuer = JwtIssuer::new(JwtSettings { limits, ..fake.jwt_settings() }).unwrap();
    let token = Signer::new("one").token();
    is_unreachable(issuer.identify(&token, NOW_MS).await, "longer than 65536 bytes");
}

#[tokio::test]
async fn an_answer_that_points_elsewhere() {
    let elsewhere = Fake::that_says(Says::Json(jwks(&[&Signer::new("one")]))).await;
    let fake = Fake::that_says(Says::Redirect(elsewhere.url.clone())).await;
    is_unreachable(at(&fake).await, "redirect");
    assert_eq!(elsewhere.asked(), 0);
}
