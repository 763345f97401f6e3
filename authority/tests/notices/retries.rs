//! What fails is tried again: later and later, not before the receiver allows it, under one name.

use crate::{
    fake::{Fake, Says},
    rig::{Rig, webhook},
};

const FIRST_MS: u64 = 5000;

#[tokio::test]
async fn each_pause_is_up_to_twice_as_long_and_the_name_stays() {
    let mut fake = Fake::that_says([Says::Status(500)]).await;
    let rig = Rig::new(&webhook(&fake)).await;
    rig.one_end("ann").await;
    let mut ids = vec![fake.next().await.header("webhook-id").to_owned()];
    let mut ceiling = FIRST_MS;
    for failed in 1..=6 {
        rig.until_crm("notice_attempts_failed_total", failed).await;
        rig.everybody_had_a_turn().await;
        fake.is_silent();
        rig.clock.advance(ceiling);
        ids.push(fake.next().await.header("webhook-id").to_owned());
        ceiling *= 2;
    }
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    rig.until_crm("notices_lag", 1).await;
    fake.now_says(Says::Status(204));
    rig.until_crm("notice_attempts_failed_total", 7).await;
    rig.clock.advance(ceiling);
    rig.until_crm("notices_delivered_total", 1).await;
    rig.until_crm("notices_lag", 0).await;
}

#[tokio::test]
async fn each_attempt_is_signed_with_its_own_time() {
    let mut fake = Fake::that_says([Says::Status(503), Says::Status(200)]).await;
    let rig = Rig::new(&webhook(&fake)).await;
    rig.one_end("ann").await;
    let first = fake.next().await;
    rig.until_crm("notice_attempts_failed_total", 1).await;
    rig.clock.advance(FIRST_MS);
    let second = fake.next().await;
    assert_eq!(first.body, second.body);
    let seconds = |got: &crate::fake::Got| got.header("webhook-timestamp").parse::<u64>().unwrap();
    assert_eq!(seconds(&second) - seconds(&first), FIRST_MS / 1000);
    assert_ne!(first.header("webhook-signature"), second.header("webhook-signature"));
}

#[tokio::test]
async fn a_receiver_is_not_called_before_it_allows_that() {
    for (retry_after, wait_ms) in [
        // Shorter than a lease, as long as several, a date, and longer than the longest pause.
        ("20", 20_000),
        ("90", 90_000),
        ("Tue, 14 Nov 2023 22:15:00 GMT", 100_000),
        ("99999999", 3_600_000),
    ] {
        let later = Says::With(429, "retry-after", retry_after.to_owned());
        let mut fake = Fake::that_says([later, Says::Status(204)]).await;
        let rig = Rig::new(&webhook(&fake)).await;
        rig.one_end("ann").await;
        fake.next().await;
        rig.until_crm("notice_attempts_failed_total", 1).await;
        rig.clock.advance(wait_ms - 1);
        rig.everybody_had_a_turn().await;
        fake.is_silent();
        rig.clock.advance(1);
        fake.next().await;
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let mut elsewhere = Fake::new().await;
    let there = Says::With(307, "location", elsewhere.url.clone());
    let mut fake = Fake::that_says([there, Says::Status(204)]).await;
    let rig = Rig::new(&webhook(&fake)).await;
    rig.one_end("ann").await;
    fake.next().await;
    rig.until_crm("notice_attempts_failed_total", 1).await;
    elsewhere.is_silent();
    rig.clock.advance(FIRST_MS);
    fake.next().await;
}

#[tokio::test]
async fn a_receiver_that_does_not_answer_has_failed() {
    let mut fake = Fake::that_says([Says::Nothing, Says::Status(204)]).await;
    let config = format!("[notices]\ntimeout = \"100ms\"\n{}", webhook(&fake));
    let rig = Rig::new(&config).await;
    rig.one_end("ann").await;
    fake.next().await;
    rig.until_crm("notice_attempts_failed_total", 1).await;
    rig.clock.advance(FIRST_MS);
    fake.next().await;
    rig.until_crm("notices_delivered_total", 1).await;
}

#[tokio::test]
async fn a_receiver_that_cannot_be_reached_is_told_once_it_can() {
    let fake = Fake::new().await;
    let config = webhook(&fake);
    let address = fake.url.trim_start_matches("http://").trim_end_matches("/hidden-path");
    let address = address.to_owned();
    drop(fake);
    let rig = Rig::new(&config).await;
    rig.one_end("ann").await;
    rig.until_crm("notice_attempts_failed_total", 1).await;
    let listener = tokio::net::TcpListener::bind(&address).await.unwrap();
    let app = axum::Router::new().fallback(async || "");
    let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    rig.clock.advance(FIRST_MS);
    rig.until_crm("notices_delivered_total", 1).await;
    server.abort();
}
