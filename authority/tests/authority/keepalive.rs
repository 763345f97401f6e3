//! `POST /v1/keepalive`: extends from the user's last input, never from the request.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::rig::{ADMIN, Rig, START_MS, TIMEOUT_MS, TOKEN, report, report_with_holds};

#[tokio::test]
async fn the_answer_is_the_whole_state() {
    let rig = Rig::signed_in().await;
    rig.clock.advance(5000);
    let answer = rig.keep_alive(report(2000)).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("cache-control"), "no-store");
    let expected = json!({
        "state": "alive",
        "remaining_ms": TIMEOUT_MS - 2000,
        "idle_ms": 2000,
        "policy": {
            "version": START_MS,
            "idle_timeout_ms": TIMEOUT_MS,
            "warn_before_ms": 60_000,
            "keepalive_ms": 30_000,
            "mode": "enforce",
            "counts": {
                "keystrokes": true, "clicks": true, "heartbeats": true, "system": false,
            },
            "max_hold_ms": 3_600_000,
            "on_lock": "nothing",
        },
    });
    assert_eq!(answer.json(), expected);
}

#[tokio::test]
async fn late_and_repeated_reports_change_nothing() {
    let rig = Rig::signed_in().await;
    rig.clock.advance(60_000);
    assert_eq!(rig.keep_alive(report(0)).await.json()["idle_ms"], 0);
    for age in [59_000, 1_000, 59_000, TIMEOUT_MS * 2, 1 << 53] {
        assert_eq!(rig.keep_alive(report(age)).await.json()["idle_ms"], 0, "age {age}");
    }
}

#[tokio::test]
async fn nothing_revives_at_the_deadline_or_after_it() {
    let rig = Rig::signed_in().await;
    rig.clock.advance(TIMEOUT_MS - 1);
    assert_eq!(rig.ask().await.json()["remaining_ms"], 1);
    rig.clock.advance(1);
    for age in [0, 1, TIMEOUT_MS] {
        rig.keep_alive(report(age)).await.gone("idle");
    }
    rig.ask().await.gone("idle");
}

#[tokio::test]
async fn a_report_of_old_activity_does_not_put_the_deadline_off() {
    let rig = Rig::signed_in().await;
    rig.clock.advance(TIMEOUT_MS - 1);
    let answer = rig.keep_alive(report(TIMEOUT_MS + 1)).await;
    assert_eq!(answer.json()["remaining_ms"], 1);
    rig.clock.advance(1);
    rig.keep_alive(report(0)).await.gone("idle");
}

#[tokio::test]
async fn an_unknown_token_is_told_no_reason() {
    let rig = Rig::new();
    let answer = rig.keep_alive(report(0)).await;
    let problem = answer.problem(401);
    assert_eq!(answer.header("www-authenticate"), r#"Bearer error="invalid_token""#);
    assert_eq!((&problem["because"], &problem["state"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn while_a_hold_lives_nobody_is_logged_out() {
    let rig = Rig::signed_in().await;
    let call = json!([{ "id": "c1", "reason": "call", "ttl_ms": 2 * TIMEOUT_MS }]);
    let held = rig.keep_alive(report_with_holds(0, &call)).await.json();
    assert_eq!((&held["state"], &held["remaining_ms"]), (&json!("held"), &Value::Null));
    rig.clock.advance(2 * TIMEOUT_MS - 1);
    assert_eq!(rig.ask().await.json()["state"], "held");
    // It lapses: the idle time starts anew.
    rig.clock.advance(1);
    let lapsed = rig.ask().await.json();
    assert_eq!((&lapsed["state"], &lapsed["remaining_ms"]), (&json!("alive"), &json!(TIMEOUT_MS)));
    rig.clock.advance(TIMEOUT_MS);
    rig.ask().await.gone("idle");
}

#[tokio::test]
async fn a_released_hold_starts_the_idle_time_anew_once() {
    let rig = Rig::signed_in().await;
    let hold = |ttl_ms: u64| json!([{ "id": "c1", "reason": "call", "ttl_ms": ttl_ms }]);
    rig.keep_alive(report_with_holds(0, &hold(2 * TIMEOUT_MS))).await;
    rig.clock.advance(TIMEOUT_MS + 500);
    // A report that leaves the hold out ends nothing: another partition may own it.
    assert_eq!(rig.keep_alive(report(TIMEOUT_MS)).await.json()["state"], "held");
    // Told ten seconds late, it says with the activity when that was.
    let released = rig.keep_alive(report_with_holds(10_000, &hold(0))).await.json();
    assert_eq!(released["remaining_ms"], TIMEOUT_MS - 10_000);
    rig.clock.advance(1000);
    // Neither the same release again nor the first report, late, changes anything.
    let again = rig.keep_alive(report_with_holds(TIMEOUT_MS, &hold(0))).await.json();
    assert_eq!(again["remaining_ms"], TIMEOUT_MS - 11_000);
    let late = rig.keep_alive(report_with_holds(TIMEOUT_MS, &hold(60_000))).await.json();
    assert_eq!(late["state"], "alive");
}

#[tokio::test]
async fn a_hold_released_without_a_word_on_activity_went_on_until_now() {
    let rig = Rig::signed_in().await;
    let hold = |ttl_ms: u64| json!([{ "id": "c1", "reason": "call", "ttl_ms": ttl_ms }]);
    rig.keep_alive(report_with_holds(0, &hold(2 * TIMEOUT_MS))).await;
    rig.clock.advance(TIMEOUT_MS + 500);
    let released = rig.keep_alive(report_with_holds(TIMEOUT_MS, &hold(0))).await.json();
    assert_eq!(released["remaining_ms"], TIMEOUT_MS);
}

#[tokio::test]
async fn a_hold_lives_no_longer_than_the_policy_allows() {
    let rig = Rig::signed_in().await;
    let forever = json!([{ "id": "c1", "reason": "call", "ttl_ms": 1_u64 << 53 }]);
    rig.keep_alive(report_with_holds(0, &forever)).await;
    rig.clock.advance(3_600_000 - 1);
    assert_eq!(rig.ask().await.json()["state"], "held");
    rig.clock.advance(1);
    assert_eq!(rig.ask().await.json()["state"], "alive");
}

#[tokio::test]
async fn the_largest_of_each_count_is_kept() {
    let rig = Rig::signed_in().await;
    let with = |keystrokes: u64, clicks: u64| {
        let mut report = report(0);
        report["counts"]["keystrokes"] = json!(keystrokes);
        report["counts"]["clicks"] = json!(clicks);
        report
    };
    rig.keep_alive(with(9, 1)).await;
    rig.keep_alive(with(3, 5)).await;
    let list = rig.call(Method::GET, "/v1/admin/sessions", ADMIN, None).await.json();
    // An agent that knows nothing of other programs leaves that out.
    let counts = json!({ "keystrokes": 9, "clicks": 5, "heartbeats": 3, "notes": 4, "system": 0 });
    assert_eq!(list["sessions"][0]["counts"], counts);
    assert!(!list.to_string().contains(TOKEN));
}
