//! A policy that only observes: nobody is logged out, and the report says who would have been.

use axum::http::Method;
use serde_json::{Value, json};

use crate::rig::{Rig, TIMEOUT_MS, TOKEN, report};

async fn ends(rig: &Rig) -> Value {
    rig.admin(Method::GET, "/v1/admin/ends", None).await["ends"].clone()
}

#[tokio::test]
async fn nobody_is_logged_out_and_each_absence_is_reported_once() {
    let rig = Rig::signed_in().await;
    rig.put_policy("organization", json!({ "mode": "observe" })).await;
    rig.clock.advance(2 * TIMEOUT_MS + 1000);
    let state = rig.ask().await.json();
    assert_eq!(state["state"], "alive");
    assert_eq!(state["policy"]["mode"], "observe");
    assert_eq!(state["remaining_ms"], TIMEOUT_MS - 1000);
    rig.keep_alive(report(0)).await;
    rig.clock.advance(TIMEOUT_MS);
    rig.ask().await;
    let told = ends(&rig).await;
    let told: Vec<_> = told.as_array().unwrap().iter().collect();
    assert_eq!(told.len(), 2, "{told:?}");
    for line in &told {
        assert_eq!((&line["user"], &line["because"]), (&json!("ann"), &json!("idle")));
        assert_eq!(line["observed"], true);
    }
    assert_eq!(told[1]["at"], "2023-11-14T22:28:20.000Z");
}

#[tokio::test]
async fn the_report_needs_no_question() {
    let rig = Rig::signed_in().await;
    rig.put_policy("organization", json!({ "mode": "observe" })).await;
    let mut events = rig.events_of(TOKEN).await;
    events.next().await;
    rig.clock.advance(TIMEOUT_MS);
    rig.look_at_due().await;
    assert_eq!(ends(&rig).await.as_array().unwrap().len(), 1);
    rig.look_at_due().await;
    assert_eq!(ends(&rig).await.as_array().unwrap().len(), 1);
    assert!(events.is_silent(), "nothing that a person would notice");
}

#[tokio::test]
async fn to_enforce_again_ends_who_is_absent() {
    let rig = Rig::signed_in().await;
    rig.put_policy("organization", json!({ "mode": "observe" })).await;
    rig.clock.advance(TIMEOUT_MS);
    assert_eq!(rig.ask().await.status, 200);
    rig.put_policy("organization", json!({ "mode": "enforce" })).await;
    rig.ask().await.gone("idle");
    let told = ends(&rig).await;
    let observed: Vec<_> = told.as_array().unwrap().iter().map(|l| l["observed"].clone()).collect();
    assert_eq!(observed, [json!(false), json!(true)], "the newest first");
}
