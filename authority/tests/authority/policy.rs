//! Policies: layers, what they come to for somebody, and how changes reach live sessions.

use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};
use stillhere_authority::Settings;

use crate::rig::{ADMIN, Rig, START_MS, TIMEOUT_MS, TOKEN, report, settings};

const MINUTE: u64 = 60_000;

async fn registered(groups: &[&str]) -> Rig {
    let rig = Rig::new();
    register(&rig, TOKEN, "ann", groups).await;
    rig
}

async fn register(rig: &Rig, token: &str, user: &str, groups: &[&str]) {
    let body = json!({ "token": token, "user": user, "groups": groups });
    rig.admin(Method::POST, "/v1/sessions", Some(body)).await;
}

async fn timeout(rig: &Rig) -> u64 {
    rig.ask().await.json()["policy"]["idle_timeout_ms"].as_u64().unwrap()
}

async fn values(rig: &Rig, groups: &str) -> Value {
    let path = format!("/v1/admin/users/ann/policy?groups={groups}");
    rig.admin(Method::GET, &path, None).await["values"].clone()
}

#[tokio::test]
async fn the_users_own_value_wins_over_a_groups_and_that_over_the_organizations() {
    let rig = registered(&["night", "day"]).await;
    assert_eq!(timeout(&rig).await, TIMEOUT_MS, "the server's own");
    rig.put_policy("organization", json!({ "idle_timeout_ms": 10 * MINUTE })).await;
    assert_eq!(timeout(&rig).await, 10 * MINUTE);
    rig.put_policy("groups/day", json!({ "priority": 3, "idle_timeout_ms": 20 * MINUTE })).await;
    assert_eq!(timeout(&rig).await, 20 * MINUTE);
    rig.put_policy("groups/night", json!({ "priority": 2, "idle_timeout_ms": 30 * MINUTE })).await;
    assert_eq!(timeout(&rig).await, 30 * MINUTE, "of two groups the one of the lower number");
    rig.put_policy("groups/other", json!({ "priority": 1, "idle_timeout_ms": 40 * MINUTE })).await;
    assert_eq!(timeout(&rig).await, 30 * MINUTE, "a group of somebody else");
    rig.put_policy("users/ann", json!({ "idle_timeout_ms": 50 * MINUTE })).await;
    assert_eq!(timeout(&rig).await, 50 * MINUTE);
    for (whose, left) in [("users/ann", 30), ("groups/night", 20), ("groups/day", 10)] {
        rig.admin(Method::DELETE, &format!("/v1/admin/policy/{whose}"), None).await;
        assert_eq!(timeout(&rig).await, left * MINUTE, "without that of {whose}");
    }
    rig.put_policy("organization", json!({})).await;
    assert_eq!(timeout(&rig).await, TIMEOUT_MS);
}

#[tokio::test]
async fn each_value_is_taken_from_the_first_layer_that_has_it_and_says_which() {
    let rig = Rig::new();
    let organization = json!({
        "warn_before_ms": 2 * MINUTE,
        "counts": { "keystrokes": true, "clicks": false, "heartbeats": true },
        "mode": "observe",
    });
    rig.put_policy("organization", organization).await;
    let night = json!({ "priority": 2, "keepalive_ms": 5000, "link_tokens": true });
    rig.put_policy("groups/night", night).await;
    rig.put_policy("users/ann", json!({ "max_hold_ms": 0 })).await;
    let values = values(&rig, "night").await;
    assert_eq!(values["idle_timeout_ms"], json!({ "value": TIMEOUT_MS, "from": "settings" }));
    assert_eq!(values["warn_before_ms"], json!({ "value": 2 * MINUTE, "from": "organization" }));
    let group = json!({ "value": 5000, "from": "group", "group": "night", "priority": 2 });
    assert_eq!(values["keepalive_ms"], group);
    assert_eq!(values["link_tokens"]["value"], true);
    assert_eq!(values["max_hold_ms"], json!({ "value": 0, "from": "user" }));
    assert_eq!(values["mode"], json!({ "value": "observe", "from": "organization" }));
    assert_eq!(values["counts"]["value"]["clicks"], false);
}

fn counts(system: Value) -> Value {
    json!({ "keystrokes": true, "clicks": true, "heartbeats": true, "system": system })
}

#[tokio::test]
async fn what_a_desktop_app_tells_counts_where_a_layer_says_so_and_live_sessions_hear_of_it() {
    let rig = registered(&["night"]).await;
    let rules = |state: Value| {
        let policy = &state["policy"];
        (policy["counts"]["system"].clone(), policy["on_lock"].clone())
    };
    assert_eq!(rules(rig.ask().await.json()), (json!(false), json!("nothing")));
    rig.put_policy("organization", json!({ "on_lock": "warn", "counts": counts(json!(true)) }))
        .await;
    assert_eq!(rules(rig.ask().await.json()), (json!(true), json!("warn")));
    rig.put_policy("groups/night", json!({ "priority": 2, "on_lock": "end" })).await;
    assert_eq!(rules(rig.ask().await.json()), (json!(true), json!("end")));
    // Where it is left out it does not count, as it did before there was any.
    let pages = json!({ "keystrokes": true, "clicks": true, "heartbeats": true });
    rig.put_policy("users/ann", json!({ "counts": pages, "on_lock": "nothing" })).await;
    assert_eq!(rules(rig.ask().await.json()), (json!(false), json!("nothing")));
    let values = values(&rig, "night").await;
    assert_eq!(values["on_lock"], json!({ "value": "nothing", "from": "user" }));
    assert_eq!(values["counts"]["value"], counts(json!(false)));
    let audit = rig.admin(Method::GET, "/v1/admin/audit", None).await.to_string();
    assert!(audit.contains(r#""on_lock":"end""#), "{audit}");
}

#[tokio::test]
async fn of_two_groups_of_one_priority_the_stricter_counts() {
    let rig = Rig::new();
    rig.put_policy("groups/a", json!({ "priority": 2, "idle_timeout_ms": 20 * MINUTE })).await;
    rig.put_policy("groups/b", json!({ "priority": 2, "idle_timeout_ms": 10 * MINUTE })).await;
    assert_eq!(values(&rig, "a,b").await["idle_timeout_ms"]["group"], "b");
}

#[tokio::test]
async fn the_hipaa_flag_caps_every_timeout_at_15_minutes() {
    let rig = Rig::new();
    rig.put_policy("organization", json!({ "hipaa": true, "idle_timeout_ms": 60 * MINUTE })).await;
    rig.put_policy("users/ann", json!({ "idle_timeout_ms": 30 * MINUTE })).await;
    let capped = json!({ "value": 15 * MINUTE, "from": "user", "limited_by": "hipaa" });
    assert_eq!(values(&rig, "").await["idle_timeout_ms"], capped);
    rig.put_policy("users/ann", json!({ "idle_timeout_ms": 10 * MINUTE })).await;
    let allowed = json!({ "value": 10 * MINUTE, "from": "user" });
    assert_eq!(values(&rig, "").await["idle_timeout_ms"], allowed);
}

#[tokio::test]
async fn a_warning_or_an_interval_that_does_not_fit_is_cut_to_a_third() {
    let rig = Rig::new();
    let long = json!({ "warn_before_ms": 10 * MINUTE, "keepalive_ms": 10 * MINUTE });
    rig.put_policy("organization", long).await;
    rig.put_policy("users/ann", json!({ "idle_timeout_ms": 6 * MINUTE })).await;
    let values = values(&rig, "").await;
    for field in ["warn_before_ms", "keepalive_ms"] {
        assert_eq!(values[field]["value"], 2 * MINUTE, "{field}");
        assert_eq!(values[field]["limited_by"], "idle_timeout", "{field}");
    }
}

#[tokio::test]
async fn a_value_out_of_its_range_or_its_place_changes_nothing() {
    let rig = registered(&[]).await;
    let day = json!({ "time": "18:00", "time_zone": "Mars/Base" });
    let cases = [
        (
            "organization",
            json!({ "idle_timeout_ms": 299_999 }),
            "idle_timeout_ms must be between 300000",
        ),
        ("organization", json!({ "idle_timeout_ms": 28_800_001 }), "and 28800000"),
        ("organization", json!({ "warn_before_ms": 19_999 }), "warn_before_ms"),
        ("organization", json!({ "keepalive_ms": 999 }), "keepalive_ms"),
        ("organization", json!({ "max_hold_ms": 86_400_001 }), "max_hold_ms"),
        ("organization", json!({ "logout_daily": day }), "logout_daily.time_zone"),
        ("organization", json!({ "api_rules": { "include": ["orders"] } }), "api_rules.include"),
        ("organization", json!({ "idle_timout_ms": 300_000 }), "idle_timout_ms"),
        ("organization", json!([]), "invalid type: sequence"),
        ("organization", json!({ "counts": [true, true, true] }), "invalid type: sequence"),
        ("organization", json!({ "api_rules": [] }), "invalid type: sequence"),
        ("organization", json!({ "mode": "dream" }), "dream"),
        ("organization", json!({ "on_lock": "sometimes" }), "sometimes"),
        ("organization", json!({ "counts": counts(json!("yes")) }), "expected a boolean"),
        ("organization", json!({ "priority": 1 }), "priority belongs to a group"),
        ("groups/g", json!({}), "priority is missing"),
        ("groups/g", json!({ "priority": 6 }), "priority must be between 1 and 5"),
        ("groups/g", json!({ "priority": 1, "hipaa": true }), "hipaa belongs"),
        ("users/ann", json!({ "hipaa": true }), "hipaa belongs"),
        (
            "groups/g",
            json!({ "priority": 1, "shift": { "ends_at": "2026-01-01T00:00:00Z" } }),
            "shift belongs",
        ),
        ("users/ann", json!({ "shift": { "ends_at": "tonight" } }), "shift.ends_at"),
        ("users/ann", json!({ "shift": { "ends_at": "2026-01-01T00:00:00" } }), "shift.ends_at"),
        (
            "users/ann",
            json!({ "shift": { "ends_at": "2026-01-01T00:00:00Z", "grace_ms": 43_200_001 } }),
            "shift.grace_ms",
        ),
    ];
    let before = rig.admin(Method::GET, "/v1/admin/policy", None).await;
    for (whose, layer, words) in cases {
        let path = format!("/v1/admin/policy/{whose}");
        let answer = rig.call(Method::PUT, &path, ADMIN, Some(layer.clone())).await;
        let detail = answer.problem(422)["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(words), "{layer}: {detail}");
    }
    assert_eq!(rig.admin(Method::GET, "/v1/admin/policy", None).await, before);
    assert_eq!(rig.admin(Method::GET, "/v1/admin/audit", None).await["acts"], json!([]));
}

#[tokio::test]
async fn short_times_are_for_development() {
    let rig = Rig::with(Settings { dev: true, ..settings() });
    rig.put_policy("organization", json!({ "idle_timeout_ms": 2000, "warn_before_ms": 0 })).await;
}

#[tokio::test]
async fn a_policy_made_for_another_version_is_refused() {
    let rig = Rig::new();
    let known = rig.call(Method::GET, "/v1/admin/policy", ADMIN, None).await;
    let put = |etag: String| {
        let request = axum::http::Request::builder()
            .method(Method::PUT)
            .uri("/v1/admin/policy/organization")
            .header(header::AUTHORIZATION, format!("Bearer {ADMIN}"))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::IF_MATCH, etag)
            .body(axum::body::Body::from(json!({ "idle_timeout_ms": 600_000 }).to_string()));
        rig.send(request.unwrap())
    };
    let etag = known.header("etag").to_owned();
    let written = put(etag.clone()).await;
    assert_eq!(written.status, StatusCode::OK, "{}", written.text);
    let version = written.json()["version"].as_u64().unwrap();
    let detail = put(etag).await.problem(412)["detail"].clone();
    assert!(detail.as_str().unwrap().contains(&version.to_string()));
    assert_eq!(put(format!("\"{version}\"")).await.status, StatusCode::OK);
    put("soon".into()).await.problem(422);
}

#[tokio::test]
async fn a_shorter_timeout_spares_who_is_active_within_it() {
    let rig = registered(&[]).await;
    rig.clock.advance(6 * MINUTE);
    rig.keep_alive(report(0)).await;
    rig.clock.advance(MINUTE);
    rig.put_policy("organization", json!({ "idle_timeout_ms": 5 * MINUTE })).await;
    assert_eq!(rig.ask().await.json()["remaining_ms"], 4 * MINUTE);
}

#[tokio::test]
async fn a_shorter_timeout_waits_for_a_keepalive_that_may_be_on_its_way() {
    let rig = registered(&[]).await;
    rig.put_policy("organization", json!({ "keepalive_ms": 2 * MINUTE })).await;
    rig.clock.advance(8 * MINUTE);
    rig.put_policy("organization", json!({ "idle_timeout_ms": 5 * MINUTE })).await;
    // By the interval that was in force, a report of a key just now may come in two minutes.
    rig.clock.advance(2 * MINUTE);
    let answer = rig.keep_alive(report(90_000)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(answer.json()["remaining_ms"], 5 * MINUTE - 90_000);
    let other = registered(&[]).await;
    other.put_policy("organization", json!({ "keepalive_ms": 2 * MINUTE })).await;
    other.clock.advance(8 * MINUTE);
    other.put_policy("organization", json!({ "idle_timeout_ms": 5 * MINUTE })).await;
    other.clock.advance(2 * MINUTE + 10_000);
    other.ask().await.gone("idle");
}

#[tokio::test]
async fn a_users_policy_is_told_to_that_user_alone() {
    let rig = registered(&[]).await;
    register(&rig, "the-token-of-bob-bob", "bob", &[]).await;
    let mut hers = rig.events().await;
    let mut his = rig.events_of("the-token-of-bob-bob").await;
    hers.next().await;
    his.next().await;
    rig.put_policy("users/ann", json!({ "idle_timeout_ms": 10 * MINUTE })).await;
    let (name, told) = hers.next().await.unwrap();
    assert_eq!((name.as_str(), &told["idle_timeout_ms"]), ("policy", &json!(10 * MINUTE)));
    assert!(his.is_silent());
    let (name, _) = hers.next().await.unwrap();
    assert_eq!(name, "state");
    rig.put_policy("users/ann", json!({ "idle_timeout_ms": 10 * MINUTE })).await;
    let (name, _) = hers.next().await.unwrap();
    assert_eq!(name, "state", "the same again is no news");
    assert!(hers.is_silent());
}

#[tokio::test]
async fn a_shift_ends_sessions_that_began_before_its_end() {
    let rig = registered(&[]).await;
    // START_MS is 2023-11-14T22:13:20Z.
    let shift = json!({ "ends_at": "2023-11-14T23:15:00+01:00", "grace_ms": 30_000 });
    rig.admin(Method::PUT, "/v1/admin/policy/users/ann/shift", Some(shift.clone())).await;
    let state = rig.ask().await.json();
    assert_eq!(state["policy"]["logout_at"], "2023-11-14T22:15:30.000Z");
    assert_eq!(state["remaining_ms"], 130_000);
    rig.clock.advance(130_000 - 1);
    rig.keep_alive(report(0)).await;
    assert_eq!(rig.ask().await.json()["remaining_ms"], 1, "activity does not put it off");
    rig.clock.advance(1);
    rig.ask().await.gone("schedule");
    register(&rig, "a-token-for-overtime", "ann", &[]).await;
    let overtime = rig.call(Method::GET, "/v1/session", "a-token-for-overtime", None).await.json();
    assert_eq!(overtime["remaining_ms"], TIMEOUT_MS, "who signs in afterwards may stay");
    assert_eq!(values(&rig, "").await["shift"]["value"], shift);
}

#[tokio::test]
async fn a_shift_leaves_the_rest_of_the_users_policy_alone() {
    let rig = Rig::new();
    rig.put_policy("users/ann", json!({ "idle_timeout_ms": 10 * MINUTE })).await;
    let shift = json!({ "ends_at": "2023-11-15T06:00:00Z" });
    rig.admin(Method::PUT, "/v1/admin/policy/users/ann/shift", Some(shift)).await;
    let own = rig.admin(Method::GET, "/v1/admin/policy/users/ann", None).await;
    assert_eq!(own["idle_timeout_ms"], 10 * MINUTE);
    assert_eq!(own["shift"]["ends_at"], "2023-11-15T06:00:00Z");
}

#[tokio::test]
async fn a_time_of_the_day_ends_sessions_in_its_zone() {
    let rig = registered(&[]).await;
    // 22:13:20 UTC is 23:13:20 in Berlin.
    let daily = json!({ "time": "23:20", "time_zone": "Europe/Berlin", "days": ["tuesday"] });
    rig.put_policy("organization", json!({ "logout_daily": daily })).await;
    assert_eq!(rig.ask().await.json()["remaining_ms"], 400_000);
    let before = rig.ask().await.json()["policy"]["version"].as_u64().unwrap();
    rig.clock.advance(400_000);
    rig.ask().await.gone("schedule");
    register(&rig, "a-token-for-overtime", "ann", &[]).await;
    let next = rig.call(Method::GET, "/v1/session", "a-token-for-overtime", None).await.json();
    assert_eq!(next["policy"]["logout_at"], "2023-11-21T22:20:00.000Z", "a week later");
    let after = next["policy"]["version"].as_u64().unwrap();
    assert!(after > before, "contexts that know both policies take the newer session's");
}

#[tokio::test]
async fn a_time_of_the_day_that_has_passed_when_it_is_set_ends_nobody() {
    let rig = registered(&[]).await;
    rig.clock.advance(5 * MINUTE);
    let daily = json!({ "time": "22:15", "time_zone": "UTC" });
    rig.put_policy("organization", json!({ "logout_daily": daily })).await;
    assert_eq!(rig.ask().await.json()["policy"]["logout_at"], "2023-11-15T22:15:00.000Z");
    // Another change leaves it as it is, for those whom a call kept beyond it too.
    let more = json!({ "logout_daily": daily, "max_hold_ms": 60_000 });
    rig.put_policy("organization", more).await;
    assert_eq!(rig.ask().await.json()["policy"]["logout_at"], "2023-11-15T22:15:00.000Z");
}

#[tokio::test]
async fn every_change_is_in_the_audit_log_with_what_was_before() {
    let rig = Rig::new();
    rig.put_policy("groups/night", json!({ "priority": 1, "idle_timeout_ms": 600_000 })).await;
    rig.clock.advance(1000);
    rig.admin(Method::DELETE, "/v1/admin/policy/groups/night", None).await;
    let acts = rig.admin(Method::GET, "/v1/admin/audit", None).await["acts"].clone();
    let layer = json!({ "priority": 1, "idle_timeout_ms": 600_000 });
    let expected = json!([
        { "number": 2, "at": "2023-11-14T22:13:21.000Z", "by": "administrator",
          "act": "policy.remove", "target": "group:night", "version": START_MS + 1000, "before": layer },
        { "number": 1, "at": "2023-11-14T22:13:20.000Z", "by": "administrator",
          "act": "policy.write", "target": "group:night", "version": START_MS + 1, "after": layer },
    ]);
    assert_eq!(acts, expected);
}

#[tokio::test]
async fn policies_are_read_back_when_the_server_starts() {
    use std::sync::Arc;
    use stillhere_authority::{AppState, clock::ManualClock, store::memory::MemoryStore};
    let (clock, store) = (Arc::new(ManualClock::new(START_MS)), Arc::new(MemoryStore::default()));
    let rig = Rig::of(
        AppState::open(settings(), clock.clone(), store.clone()).await.unwrap(),
        clock.clone(),
    );
    register(&rig, TOKEN, "ann", &[]).await;
    rig.put_policy("organization", json!({ "idle_timeout_ms": 10 * MINUTE })).await;
    let again = Rig::of(AppState::open(settings(), clock.clone(), store).await.unwrap(), clock);
    assert_eq!(timeout(&again).await, 10 * MINUTE);
}
