//! The idle timeout, of the organization and of its groups.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use stillhere_authority::Settings;

use super::{TIMEOUT, WATCHER, policies, put, watched};
use crate::rig::{ADMIN, Rig, TIMEOUT_MS, TOKEN, settings};

const MINUTE: u64 = 60_000;

fn bundle(priority: u8, seconds: u64, groups: &[&str]) -> Value {
    let unit = "Minutes";
    json!({
        "priority": priority,
        "timeoutSeconds": seconds,
        "inactivityTimeoutUnit": unit,
        "groups": groups,
    })
}

async fn get(rig: &Rig) -> Value {
    rig.admin(Method::GET, TIMEOUT, None).await
}

/// Puts what is good.
async fn set(rig: &Rig, body: Value) -> Value {
    let answer = put(rig, body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(answer.json(), get(rig).await);
    answer.json()
}

#[tokio::test]
async fn a_token_and_an_administrator_read_the_same() {
    let rig = watched().await;
    let expected = json!({
        "idleTokenTimeoutSeconds": 900,
        "enableIdleTokenTimeout": true,
        "inactivityTimeoutUnit": "Minutes",
        "inactivityTimeoutGroupsEnabled": false,
        "inactivityTimeoutGroupBundles": [],
    });
    for token in [TOKEN, ADMIN] {
        assert_eq!(rig.call(Method::GET, TIMEOUT, token, None).await.json(), expected);
    }
    let refused = rig.call(Method::GET, TIMEOUT, WATCHER, None).await;
    let error = refused.error(403, "missing.any.permissions");
    assert_eq!(error["messageParams"]["scope"], "policy:read");
}

#[tokio::test]
async fn it_is_the_organizations_timeout_and_the_rest_of_that_policy_stays() {
    let rig = Rig::signed_in().await;
    let known = json!({ "warn_before_ms": 30_000, "link_tokens": true });
    rig.put_policy("organization", known.clone()).await;
    let shown = set(&rig, json!({ "idleTokenTimeoutSeconds": 600 })).await;
    assert_eq!(shown["idleTokenTimeoutSeconds"], 600);
    let mut expected = known;
    expected["idle_timeout_ms"] = json!(10 * MINUTE);
    assert_eq!(policies(&rig).await["organization"], expected);
    assert_eq!(rig.ask().await.json()["policy"]["idle_timeout_ms"], 10 * MINUTE);
    rig.put_policy("organization", json!({ "idle_timeout_ms": 20 * MINUTE })).await;
    assert_eq!(get(&rig).await["idleTokenTimeoutSeconds"], 1200);
}

#[tokio::test]
async fn nobody_is_logged_out_while_it_is_switched_off() {
    let rig = Rig::signed_in().await;
    assert_eq!(set(&rig, json!({ "enableIdleTokenTimeout": true })).await, get(&rig).await);
    assert_eq!(policies(&rig).await["organization"], json!({}), "it was on already");
    let off = set(&rig, json!({ "enableIdleTokenTimeout": false })).await;
    assert_eq!(off["enableIdleTokenTimeout"], false);
    assert_eq!(policies(&rig).await["organization"], json!({ "mode": "observe" }));
    rig.clock.advance(TIMEOUT_MS);
    assert_eq!(rig.ask().await.json()["state"], "alive");
    let on = set(&rig, json!({ "enableIdleTokenTimeout": true })).await;
    assert_eq!(on["enableIdleTokenTimeout"], true);
    assert_eq!(policies(&rig).await["organization"], json!({ "mode": "enforce" }));
}

#[tokio::test]
async fn the_unit_is_kept_where_it_fits() {
    let rig = Rig::new();
    let hours = json!({ "idleTokenTimeoutSeconds": 7200, "inactivityTimeoutUnit": "Hours" });
    assert_eq!(set(&rig, hours).await["inactivityTimeoutUnit"], "Hours");
    let odd = set(&rig, json!({ "idleTokenTimeoutSeconds": 5400 })).await;
    assert_eq!(odd["inactivityTimeoutUnit"], "Minutes", "an hour and a half");
    let minutes = json!({ "idleTokenTimeoutSeconds": 3600, "inactivityTimeoutUnit": "Minutes" });
    assert_eq!(set(&rig, minutes).await["inactivityTimeoutUnit"], "Minutes");
}

#[tokio::test]
async fn bundles_are_the_groups_policies() {
    let rig = Rig::new();
    let body = json!({ "token": TOKEN, "user": "ann", "groups": ["night"] });
    rig.admin(Method::POST, "/v1/sessions", Some(body)).await;
    rig.put_policy("groups/night", json!({ "priority": 5, "max_hold_ms": 0 })).await;
    let bundles = json!([bundle(1, 1200, &["day", "night"]), bundle(2, 600, &["late"])]);
    let wanted = json!({
        "inactivityTimeoutGroupsEnabled": true,
        "inactivityTimeoutGroupBundles": bundles,
    });
    let shown = set(&rig, wanted).await;
    assert_eq!(shown["inactivityTimeoutGroupsEnabled"], true);
    assert_eq!(shown["inactivityTimeoutGroupBundles"], bundles);
    assert_eq!(rig.ask().await.json()["policy"]["idle_timeout_ms"], 20 * MINUTE);
    let expected = json!({
        "day": { "priority": 1, "idle_timeout_ms": 20 * MINUTE },
        "late": { "priority": 2, "idle_timeout_ms": 10 * MINUTE },
        "night": { "priority": 1, "idle_timeout_ms": 20 * MINUTE, "max_hold_ms": 0 },
    });
    assert_eq!(policies(&rig).await["groups"], expected);
}

#[tokio::test]
async fn groups_that_left_the_bundles_lose_their_timeout_and_nothing_else() {
    let rig = Rig::new();
    let idle = json!({ "priority": 1, "idle_timeout_ms": 20 * MINUTE });
    rig.put_policy("groups/day", idle.clone()).await;
    rig.put_policy("groups/late", idle).await;
    let night = json!({ "priority": 2, "idle_timeout_ms": 10 * MINUTE, "max_hold_ms": 0 });
    rig.put_policy("groups/night", night).await;
    rig.put_policy("groups/other", json!({ "priority": 3, "max_hold_ms": 0 })).await;
    let left = json!([bundle(1, 1200, &["day"])]);
    set(&rig, json!({ "inactivityTimeoutGroupBundles": left })).await;
    let expected = json!({
        "day": { "priority": 1, "idle_timeout_ms": 20 * MINUTE },
        "night": { "priority": 2, "max_hold_ms": 0 },
        "other": { "priority": 3, "max_hold_ms": 0 },
    });
    assert_eq!(policies(&rig).await["groups"], expected);
    set(&rig, json!({ "idleTokenTimeoutSeconds": 600 })).await;
    assert_eq!(policies(&rig).await["groups"], expected, "no bundles, no change");
    set(&rig, json!({ "inactivityTimeoutGroupsEnabled": false })).await;
    let groups = policies(&rig).await["groups"].clone();
    assert!(groups.get("day").is_none() && groups.get("night").is_some(), "{groups}");
}

#[tokio::test]
async fn what_is_shown_can_be_sent_back() {
    let rig = Rig::new();
    rig.put_policy("organization", json!({ "idle_timeout_ms": 900_500 })).await;
    let hours = json!({ "priority": 2, "idle_timeout_ms": 60 * MINUTE, "timeout_unit": "hours" });
    rig.put_policy("groups/a", hours).await;
    rig.put_policy("groups/b", json!({ "priority": 2, "idle_timeout_ms": 60 * MINUTE })).await;
    rig.put_policy("groups/c", json!({ "priority": 2, "max_hold_ms": 0 })).await;
    let (before, shown) = (policies(&rig).await, get(&rig).await);
    assert_eq!(shown["inactivityTimeoutGroupBundles"].as_array().unwrap().len(), 2);
    assert_eq!(set(&rig, shown.clone()).await, shown);
    assert_eq!(policies(&rig).await, before, "nothing was written, and so the version stays");
}

#[tokio::test]
async fn a_bad_value_changes_nothing() {
    let rig = Rig::signed_in().await;
    rig.put_policy("groups/day", json!({ "priority": 1, "idle_timeout_ms": 20 * MINUTE })).await;
    let before = policies(&rig).await;
    let bundles = "inactivityTimeoutGroupBundles";
    let long = "x".repeat(257);
    let cases = [
        ("idleTokenTimeoutSeconds", json!({ "idleTokenTimeoutSeconds": 299 })),
        ("idleTokenTimeoutSeconds", json!({ "idleTokenTimeoutSeconds": 28_801 })),
        ("idleTokenTimeoutSeconds", json!({ "idleTokenTimeoutSeconds": u64::MAX })),
        (".priority", json!({ bundles: [bundle(0, 600, &["a"])] })),
        (".priority", json!({ bundles: [bundle(6, 600, &["a"])] })),
        (".timeoutSeconds", json!({ bundles: [bundle(1, 600, &["a"]), bundle(1, 299, &["b"])] })),
        (".groups", json!({ bundles: [bundle(1, 600, &[])] })),
        (".groups", json!({ bundles: [bundle(1, 600, &[""])] })),
        (".groups", json!({ bundles: [bundle(1, 600, &[&long])] })),
        (bundles, json!({ bundles: [bundle(1, 600, &["a"]), bundle(2, 600, &["a"])] })),
        (bundles, json!({ bundles: [bundle(1, 600, &["a", "a"])] })),
        (
            bundles,
            json!({ "inactivityTimeoutGroupsEnabled": false, bundles: [bundle(1, 600, &["a"])] }),
        ),
    ];
    for (field, mut body) in cases {
        body["enableIdleTokenTimeout"] = json!(false);
        let error = put(&rig, body.clone()).await.error(400, "invalid.value");
        let named = error["details"][0]["fieldName"].as_str().unwrap();
        assert!(named.ends_with(field), "{body}: {error}");
        assert_eq!(error["details"][0]["errorCode"], "invalid.value");
    }
    assert_eq!(policies(&rig).await, before);
    let most = "must be between 300 and 28800.";
    let error = put(&rig, json!({ "idleTokenTimeoutSeconds": 0 })).await.json();
    assert_eq!(error["message"], format!("idleTokenTimeoutSeconds {most}"));
}

#[tokio::test]
async fn the_hipaa_flag_allows_15_minutes_at_the_most() {
    let rig = Rig::new();
    rig.put_policy("organization", json!({ "hipaa": true, "idle_timeout_ms": 60 * MINUTE })).await;
    let long = json!({ "priority": 1, "idle_timeout_ms": 60 * MINUTE });
    rig.put_policy("groups/day", long).await;
    let shown = get(&rig).await;
    assert_eq!(shown["idleTokenTimeoutSeconds"], 900);
    assert_eq!(shown["inactivityTimeoutGroupBundles"][0]["timeoutSeconds"], 900);
    let before = policies(&rig).await;
    for body in [
        json!({ "idleTokenTimeoutSeconds": 901 }),
        json!({ "inactivityTimeoutGroupBundles": [bundle(1, 901, &["a"])] }),
    ] {
        let error = put(&rig, body).await.error(400, "invalid.value");
        assert!(error["message"].as_str().unwrap().contains("HIPAA"), "{error}");
    }
    assert_eq!(policies(&rig).await, before);
    set(&rig, json!({ "idleTokenTimeoutSeconds": 900 })).await;
    assert_eq!(policies(&rig).await["organization"]["idle_timeout_ms"], 15 * MINUTE);
}

#[tokio::test]
async fn short_times_are_for_development() {
    let rig = Rig::with(Settings { dev: true, ..settings() });
    assert_eq!(
        set(&rig, json!({ "idleTokenTimeoutSeconds": 2 })).await["idleTokenTimeoutSeconds"],
        2
    );
}

#[tokio::test]
async fn only_an_administrator_who_may_writes_it() {
    let rig = watched().await;
    let body = json!({ "idleTokenTimeoutSeconds": 600 });
    for token in [TOKEN, WATCHER] {
        let refused = rig.call(Method::PUT, TIMEOUT, token, Some(body.clone())).await;
        let error = refused.error(403, "missing.any.permissions");
        assert_eq!(error["messageParams"]["permission"], "directory:organization:admin");
    }
    assert_eq!(get(&rig).await["idleTokenTimeoutSeconds"], 900);
    put(&rig, body).await;
    let acts = rig.admin(Method::GET, "/v1/admin/audit", None).await["acts"].clone();
    assert_eq!(
        (&acts[0]["by"], &acts[0]["act"]),
        (&json!("administrator"), &json!("policy.write"))
    );
}
