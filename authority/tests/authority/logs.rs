//! The log of ends, the audit log, and both as tables.

use axum::{
    body::Body,
    http::{Method, Request, header},
};
use serde_json::json;
use stillhere_authority::store::Key;

use crate::rig::{ADMIN, Answer, Rig, TIMEOUT_MS, TOKEN, report};

async fn csv(rig: &Rig, path: &str) -> Answer {
    let request = Request::builder()
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {ADMIN}"))
        .header(header::ACCEPT, "text/csv")
        .body(Body::empty());
    rig.send(request.unwrap()).await
}

#[tokio::test]
async fn an_end_says_why_and_what_was_seen_before_it() {
    let rig = Rig::signed_in().await;
    rig.clock.advance(10_000);
    rig.keep_alive(report(500)).await;
    rig.clock.advance(2 * TIMEOUT_MS);
    rig.ask().await.gone("idle");
    let ends = rig.admin(Method::GET, "/v1/admin/ends", None).await;
    let seen = |kind: &str| json!({ "kind": kind, "at": "2023-11-14T22:13:29.500Z" });
    let expected = json!({
        "number": 1,
        "at": "2023-11-14T22:28:29.500Z",
        "id": Key::of(TOKEN).id(),
        "user": "ann",
        "because": "idle",
        "observed": false,
        "began_at": "2023-11-14T22:13:20.000Z",
        "active_at": "2023-11-14T22:13:29.500Z",
        "idle_timeout_ms": TIMEOUT_MS,
        "policy_version": crate::rig::START_MS,
        "newest": [seen("keystrokes"), seen("clicks"), seen("heartbeats"), seen("notes")],
    });
    assert_eq!(ends, json!({ "ends": [expected] }));
}

#[tokio::test]
async fn each_end_is_logged_once_and_the_log_is_read_in_pages() {
    let rig = Rig::new();
    for number in 0..5 {
        let token = format!("a-token-of-some-length-{number}");
        rig.register(&token, &format!("user {number}")).await;
        rig.call(Method::DELETE, "/v1/session", &token, None).await;
        rig.call(Method::DELETE, "/v1/session", &token, None).await.problem(401);
    }
    let mut users = Vec::new();
    let mut path = "/v1/admin/ends?limit=2".to_owned();
    loop {
        let page = rig.admin(Method::GET, &path, None).await;
        let lines = page["ends"].as_array().unwrap().clone();
        users.extend(lines.iter().map(|line| line["user"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_u64() else { break };
        path = format!("/v1/admin/ends?limit=2&before={next}");
    }
    assert_eq!(users, ["user 4", "user 3", "user 2", "user 1", "user 0"]);
}

#[tokio::test]
async fn what_an_administrator_does_to_sessions_is_noted() {
    let rig = Rig::signed_in().await;
    let id = Key::of(TOKEN).id();
    rig.admin(Method::DELETE, &format!("/v1/admin/sessions/{id}"), None).await;
    rig.admin(Method::DELETE, "/v1/admin/users/ann/sessions", None).await;
    let acts = rig.admin(Method::GET, "/v1/admin/audit", None).await["acts"].clone();
    let told: Vec<_> = acts.as_array().unwrap().iter().map(|a| (&a["act"], &a["target"])).collect();
    let expected =
        [(&json!("user.log-off"), &json!("ann")), (&json!("session.revoke"), &json!(id))];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn lists_are_tables_for_who_asks_for_them() {
    let rig = Rig::new();
    rig.register(TOKEN, "=cmd()").await;
    rig.register("the-token-of-bob-bob", "bob, \"the\" builder").await;
    rig.clock.advance(1000);
    let sessions = csv(&rig, "/v1/admin/sessions").await;
    assert_eq!(sessions.header("content-type"), "text/csv; charset=utf-8; header=present");
    let mut lines: Vec<_> = sessions.text.lines().collect();
    let head = lines.remove(0);
    assert!(head.starts_with("id,user,sign_in,groups,state,began_at,idle_ms"), "{head}");
    assert!(head.contains(",notes,system,holds,"), "{head}");
    assert!(lines.iter().all(|line| line.contains(",0,0,0,0,0,,")), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains(",'=cmd(),")), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains(r#","bob, ""the"" builder","#)), "{lines:?}");
    rig.call(Method::DELETE, "/v1/session", TOKEN, None).await;
    rig.put_policy("organization", json!({ "idle_timeout_ms": 600_000 })).await;
    let ends = csv(&rig, "/v1/admin/ends").await.text;
    assert!(ends.lines().nth(1).unwrap().contains(",signed-out,false,"), "{ends}");
    let audit = csv(&rig, "/v1/admin/audit").await.text;
    assert!(audit.contains(r#","{""idle_timeout_ms"":600000}""#), "{audit}");
}

#[tokio::test]
async fn sessions_are_read_in_pages() {
    let rig = Rig::new();
    for number in 0..5 {
        rig.register(&format!("a-token-of-some-length-{number}"), "ann").await;
    }
    rig.register("the-token-of-bob-bob", "bob").await;
    let mut ids = Vec::new();
    let mut path = "/v1/admin/sessions?user=ann&limit=2".to_owned();
    loop {
        let page = rig.admin(Method::GET, &path, None).await;
        let sessions = page["sessions"].as_array().unwrap().clone();
        ids.extend(sessions.iter().map(|session| session["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/admin/sessions?user=ann&limit=2&after={next}");
    }
    let mut expected: Vec<_> =
        (0..5).map(|number| Key::of(&format!("a-token-of-some-length-{number}"))).collect();
    expected.sort_unstable();
    assert_eq!(ids, expected.iter().map(Key::id).collect::<Vec<_>>());
    let one = rig.admin(Method::GET, &format!("/v1/admin/sessions/{}", ids[0]), None).await;
    let why = "ann has not been active since signing in 0s ago; without more it ends in 15m (idle \
               timeout 15m, from the server's settings).";
    assert_eq!(one["why"], why);
}

#[tokio::test]
async fn a_parameter_that_cannot_be_meant_is_refused() {
    let rig = Rig::new();
    for path in [
        "/v1/admin/sessions?limit=0",
        "/v1/admin/sessions?limit=10001",
        "/v1/admin/sessions?after=nobody",
        "/v1/admin/sessions?usr=ann",
        "/v1/admin/ends?limit=0",
        "/v1/admin/ends?before=soon",
        "/v1/admin/audit?page=2",
        "/v1/admin/users/ann/policy?group=a",
    ] {
        rig.call(Method::GET, path, ADMIN, None).await.problem(422);
    }
}

async fn why(rig: &Rig) -> String {
    let path = format!("/v1/admin/sessions/{}", Key::of(TOKEN).id());
    rig.admin(Method::GET, &path, None).await["why"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_sentence_names_the_schedule_and_an_observing_policy() {
    let rig = Rig::signed_in().await;
    rig.clock.advance(5000);
    rig.keep_alive(report(2000)).await;
    let shift = json!({ "ends_at": "2023-11-14T22:14:25Z" });
    rig.admin(Method::PUT, "/v1/admin/policy/users/ann/shift", Some(shift)).await;
    let told = why(&rig).await;
    assert!(told.ends_with("; it ends in 1m by the schedule, however active."), "{told}");
    assert!(
        told.starts_with("The newest activity of ann was ") && told.contains(" 2s ago; "),
        "{told}"
    );
    let mut elsewhere = report(0);
    elsewhere["counts"]["system"] = json!(1);
    rig.clock.advance(1000);
    rig.keep_alive(elsewhere).await;
    rig.clock.advance(3000);
    let told = why(&rig).await;
    assert!(
        told.starts_with(
            "The newest activity of ann was input in another program on the machine 3s ago; "
        ),
        "{told}"
    );
    rig.put_policy("users/ann", json!({ "mode": "observe" })).await;
    let told = why(&rig).await;
    assert!(told.ends_with("; it would end in 14m 57s, but the policy only observes."), "{told}");
}
