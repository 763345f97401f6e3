//! What a receiver does not take is kept for the administrator, and holds up nothing.

use axum::http::Method;
use serde_json::{Value, json};

use crate::{
    fake::{Fake, Says},
    rig::{Rig, SECRET, webhook},
};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

async fn letters(rig: &Rig) -> Vec<Value> {
    rig.get("/v1/admin/dead-letters").await["dead_letters"].as_array().unwrap().clone()
}

async fn retry(rig: &Rig, number: u64) -> (u16, Value) {
    let path = format!("/v1/admin/dead-letters/{number}/retry");
    let (status, text) = rig.call(Method::POST, &path, None).await;
    (status, serde_json::from_str(&text).unwrap())
}

#[tokio::test]
async fn after_so_many_attempts_the_next_line_has_its_turn() {
    let mut fake = Fake::that_says([Says::Status(500), Says::Status(503), Says::Status(200)]).await;
    let rig = Rig::new(&format!("[notices]\nmax-attempts = 2\n{}", webhook(&fake))).await;
    rig.one_end("ann").await;
    rig.until_crm("notice_attempts_failed_total", 1).await;
    rig.one_end("bob").await;
    rig.clock.advance(5000);
    assert_eq!(fake.users(3).await, ["ann", "ann", "bob"]);
    rig.until_crm("notices_dead_total", 1).await;
    rig.until_crm("notices_delivered_total", 1).await;
    rig.until_crm("notices_lag", 0).await;
    let letters = letters(&rig).await;
    let ends = rig.get("/v1/admin/ends").await;
    let mut end = ends["ends"][1].clone();
    end.as_object_mut().unwrap().remove("number");
    let expected = json!({
        "number": 1,
        "at": "2023-11-14T22:13:25.000Z",
        "receiver": "webhook:crm",
        "line": 1,
        "attempts": 2,
        "error": "503 Service Unavailable was answered",
        "end": end,
    });
    assert_eq!(letters, [expected]);
}

#[tokio::test]
async fn a_day_after_the_end_it_is_given_up_and_no_earlier() {
    let mut fake = Fake::that_says([Says::Status(500)]).await;
    let rig = Rig::new(&webhook(&fake)).await;
    rig.one_end("ann").await;
    rig.until_crm("notice_attempts_failed_total", 1).await;
    rig.clock.advance(DAY_MS - 1);
    rig.until_crm("notice_attempts_failed_total", 2).await;
    rig.everybody_had_a_turn().await;
    assert_eq!(letters(&rig).await, Vec::<Value>::new());
    rig.clock.advance(1);
    rig.until_crm("notices_dead_total", 1).await;
    assert_eq!(letters(&rig).await[0]["attempts"], 3);
    assert_eq!(fake.users(3).await, ["ann"; 3]);
}

#[tokio::test]
async fn those_that_waited_behind_it_do_not_wait_a_day_each() {
    let fake = Fake::that_says([Says::Status(500)]).await;
    let rig = Rig::new(&webhook(&fake)).await;
    for user in ["ann", "bob", "cid"] {
        rig.one_end(user).await;
    }
    rig.until_crm("notice_attempts_failed_total", 1).await;
    rig.clock.advance(DAY_MS);
    rig.until_crm("notices_dead_total", 3).await;
    rig.until_crm("notices_lag", 0).await;
}

#[tokio::test]
async fn an_administrator_tries_one_again_under_its_old_name() {
    let mut fake = Fake::that_says([Says::Status(500)]).await;
    let rig = Rig::new(&format!("[notices]\nmax-attempts = 1\n{}", webhook(&fake))).await;
    rig.one_end("ann").await;
    rig.until_crm("notices_dead_total", 1).await;
    let first = fake.next().await;
    let again = retry(&rig, 1).await;
    let why = "500 Internal Server Error was answered";
    assert_eq!(again, (200, json!({ "delivered": false, "error": why })));
    fake.next().await;
    fake.now_says(Says::Status(200));
    assert_eq!(retry(&rig, 1).await, (200, json!({ "delivered": true })));
    let third = fake.next().await;
    assert_eq!(third.header("webhook-id"), first.header("webhook-id"));
    assert_eq!(third.body, first.body);
    let acts = rig.get("/v1/admin/audit").await["acts"].clone();
    assert_eq!((&acts[0]["act"], &acts[0]["target"]), (&json!("dead-letter.retry"), &json!("1")));
    for number in [0, 2, u64::MAX] {
        assert_eq!(retry(&rig, number).await.0, 404, "{number}");
    }
    assert_eq!(rig.call(Method::POST, "/v1/admin/dead-letters/x/retry", None).await.0, 404);
}

#[tokio::test]
async fn one_whose_receiver_is_gone_from_the_configuration_is_not_tried() {
    use std::sync::Arc;
    use stillhere_authority::{clock::ManualClock, store::memory::MemoryStore};
    let fake = Fake::that_says([Says::Status(500)]).await;
    let clock = Arc::new(ManualClock::new(crate::rig::START_MS));
    let store = Arc::new(MemoryStore::default());
    let config = format!("[notices]\nmax-attempts = 1\n{}", webhook(&fake));
    let rig = Rig::with(&config, clock.clone(), store.clone()).await;
    rig.one_end("ann").await;
    rig.until_crm("notices_dead_total", 1).await;
    rig.stop().await;
    let rig = Rig::with("", clock, store).await;
    let (status, problem) = retry(&rig, 1).await;
    assert_eq!(status, 409);
    assert!(problem["detail"].as_str().unwrap().contains("webhook:crm"), "{problem}");
}

#[tokio::test]
async fn a_table_of_them_shows_no_secret_and_no_path() {
    let fake = Fake::that_says([Says::Status(500)]).await;
    let rig = Rig::new(&format!("[notices]\nmax-attempts = 1\n{}", webhook(&fake))).await;
    rig.register("a-token-of-some-length", "=ann()", None).await;
    rig.sign_out("a-token-of-some-length").await;
    rig.until_crm("notices_dead_total", 1).await;
    let table = rig.csv("/v1/admin/dead-letters").await;
    let mut lines = table.lines();
    let header = "number,at,receiver,line,attempts,error,ended_at,id,user,sign_in,because";
    assert_eq!(lines.next(), Some(header));
    assert!(lines.next().unwrap().contains(",'=ann(),,signed-out"), "{table}");
    assert!(!table.contains("hidden-path") && !table.contains(&SECRET[6..]), "{table}");
}
