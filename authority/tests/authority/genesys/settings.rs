//! Which API calls are no activity, in that product's words.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use serde_json::{Value, json};

use super::{SETTINGS, WATCHER, patch, policies, watched};
use crate::rig::{Rig, TOKEN};

async fn exclusions(rig: &Rig) -> Value {
    rig.admin(Method::GET, SETTINGS, None).await["inactivityTimeoutExclusions"].clone()
}

async fn rules(rig: &Rig) -> Value {
    policies(rig).await["organization"]["api_rules"].clone()
}

async fn exclude(rig: &Rig, patterns: Value) {
    let answer = patch(rig, json!({ "inactivityTimeoutExclusions": patterns })).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(answer.json(), rig.admin(Method::GET, SETTINGS, None).await);
}

/// Whether a call that a proxy asks about is activity.
async fn counts(rig: &Rig, path: &str) -> bool {
    rig.clock.advance(1000);
    let request = Request::get("/v1/check")
        .header(header::AUTHORIZATION, format!("Bearer {TOKEN}"))
        .header("x-original-uri", path);
    rig.send(request.body(Body::empty()).unwrap()).await;
    rig.ask().await.json()["idle_ms"] == 0
}

#[tokio::test]
async fn where_no_call_counts_all_are_excluded() {
    let rig = Rig::new();
    let expected = json!({
        "multifactorAuthenticationRequired": false,
        "domainAllowlistEnabled": false,
        "domainAllowlist": [],
        "ipAddressAllowlist": [],
        "inactivityTimeoutExclusions": ["/**"],
        "universalLogout": false,
    });
    assert_eq!(rig.admin(Method::GET, SETTINGS, None).await, expected);
}

#[tokio::test]
async fn with_exclusions_every_other_call_counts() {
    let rig = Rig::signed_in().await;
    assert!(!counts(&rig, "/api/v2/users/7").await);
    let patterns = json!(["/api/v2/users/{userId}/presences", "GET /api/v2/diagnostics/**"]);
    exclude(&rig, patterns.clone()).await;
    assert_eq!(rules(&rig).await, json!({ "include": ["/**"], "exclude": patterns }));
    assert_eq!(exclusions(&rig).await, patterns);
    for (path, counted) in [
        ("/api/v2/users/7", true),
        ("/api/v2/users/7/presences", false),
        ("/api/v2/diagnostics/trace/1", false),
    ] {
        assert_eq!(counts(&rig, path).await, counted, "{path}");
    }
    exclude(&rig, json!([])).await;
    assert!(counts(&rig, "/api/v2/users/7/presences").await, "none is excluded any more");
    exclude(&rig, json!(["/**"])).await;
    assert!(!counts(&rig, "/api/v2/users/7").await, "all of them are");
}

#[tokio::test]
async fn what_nobody_filled_in_makes_no_call_count() {
    let rig = Rig::signed_in().await;
    for body in [
        json!({}),
        json!({ "inactivityTimeoutExclusions": null }),
        json!({ "inactivityTimeoutExclusions": [] }),
        rig.admin(Method::GET, SETTINGS, None).await,
    ] {
        assert_eq!(patch(&rig, body.clone()).await.status, StatusCode::OK);
        assert_eq!(policies(&rig).await["organization"], json!({}), "{body}");
    }
    assert!(!counts(&rig, "/api/v2/users/7").await);
}

#[tokio::test]
async fn what_was_included_by_name_stays_and_so_does_the_rest_of_the_policy() {
    let rig = Rig::new();
    let known = json!({ "include": ["POST /api/orders/**"], "exclude": ["/api/orders/poll"] });
    let policy = json!({ "api_rules": known, "link_tokens": true });
    rig.put_policy("organization", policy).await;
    assert_eq!(exclusions(&rig).await, known["exclude"]);
    exclude(&rig, json!(["/api/orders/*/seen"])).await;
    let expected = json!({ "include": known["include"], "exclude": ["/api/orders/*/seen"] });
    let organization = policies(&rig).await["organization"].clone();
    assert_eq!(organization, json!({ "api_rules": expected, "link_tokens": true }));
}

#[tokio::test]
async fn what_is_not_set_here_is_refused_and_not_ignored() {
    let rig = Rig::new();
    for (field, value) in [
        ("multifactorAuthenticationRequired", json!(true)),
        ("domainAllowlistEnabled", json!(true)),
        ("domainAllowlist", json!(["app.example"])),
        ("ipAddressAllowlist", json!(["10.0.0.0/8"])),
        ("passwordRequirements", json!({ "minimumLength": 12 })),
        ("universalLogout", json!(true)),
        ("tokenStorageLocation", json!("session")),
    ] {
        let body = json!({ field: value, "inactivityTimeoutExclusions": ["/api/**"] });
        let error = patch(&rig, body).await.error(400, "invalid.value");
        assert_eq!(error["messageParams"]["fieldName"], field);
        assert!(error["message"].as_str().unwrap().contains("left out"), "{error}");
    }
    for patterns in [json!(["api/v2"]), json!(["/api/["]), json!(vec!["/a"; 257])] {
        let body = json!({ "inactivityTimeoutExclusions": patterns });
        let error = patch(&rig, body).await.error(400, "invalid.value");
        let message = error["message"].as_str().unwrap();
        assert!(message.starts_with("inactivityTimeoutExclusions must h"), "{message}");
    }
    assert_eq!(policies(&rig).await["organization"], json!({}));
    let same =
        json!({ "universalLogout": false, "domainAllowlist": [], "tokenStorageLocation": null });
    assert_eq!(patch(&rig, same).await.status, StatusCode::OK);
}

#[tokio::test]
async fn only_an_administrator_who_may_sees_and_sets_them() {
    let rig = watched().await;
    for token in [TOKEN, WATCHER] {
        for (method, scope) in [(Method::GET, "policy:read"), (Method::PATCH, "policy:write")] {
            let body = (method == Method::PATCH).then(|| json!({}));
            let error = rig.call(method, SETTINGS, token, body).await;
            let params = error.error(403, "missing.any.permissions")["messageParams"].clone();
            let expected = json!({ "permission": "directory:organization:admin", "scope": scope });
            assert_eq!(params, expected);
        }
    }
}
