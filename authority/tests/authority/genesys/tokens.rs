//! The calls about tokens.

use axum::http::{Method, StatusCode};
use serde_json::json;

use super::{ME, TIMEOUT, WATCHER, watched};
use crate::rig::{ADMIN, Rig, TIMEOUT_MS, TOKEN, report_with_holds};

const PRESERVED: &str = "/api/v2/tokens/me?preserveIdleTTL=true";

async fn idle(rig: &Rig) -> u64 {
    rig.ask().await.json()["idle_ms"].as_u64().unwrap()
}

async fn call(rig: &Rig, method: Method, path: &str) -> StatusCode {
    rig.call(method, path, TOKEN, None).await.status
}

#[tokio::test]
async fn to_ask_for_the_token_is_an_activity_unless_the_idle_time_is_preserved() {
    let rig = Rig::signed_in().await;
    rig.clock.advance(1000);
    let asked = rig.call(Method::GET, PRESERVED, TOKEN, None).await;
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.text);
    // 22:13:20 and the 15 minutes.
    assert_eq!(asked.json()["dateTokenIdles"], "2023-11-14T22:28:20.000Z");
    assert_eq!(idle(&rig).await, 1000);
    for path in [ME, "/api/v2/tokens/me?preserveIdleTTL=false"] {
        rig.clock.advance(1000);
        rig.call(Method::GET, path, TOKEN, None).await;
        assert_eq!(idle(&rig).await, 0, "{path}");
    }
    let asked = rig.call(Method::GET, PRESERVED, TOKEN, None).await;
    let organization = json!({ "id": "organization", "name": "organization" });
    let expected = json!({
        "organization": organization,
        "homeOrganization": organization,
        "authorizedScope": [],
        "dateTokenIdles": "2023-11-14T22:28:23.000Z",
        "OAuthClient": { "name": "stillhere", "authorizedGrantType": "TOKEN", "scope": [] },
    });
    assert_eq!(asked.json(), expected);
}

#[tokio::test]
async fn no_end_is_named_while_nothing_runs_out() {
    let rig = Rig::signed_in().await;
    let hold = json!([{ "id": "h", "reason": "call", "ttl_ms": 60_000 }]);
    rig.keep_alive(report_with_holds(0, &hold)).await;
    let held = rig.call(Method::GET, PRESERVED, TOKEN, None).await.json();
    assert!(held.get("dateTokenIdles").is_none(), "{held}");
    rig.clock.advance(60_000);
    let free = rig.call(Method::GET, PRESERVED, TOKEN, None).await.json();
    assert!(free["dateTokenIdles"].is_string(), "{free}");
    rig.put_policy("organization", json!({ "mode": "observe" })).await;
    let observed = rig.call(Method::GET, PRESERVED, TOKEN, None).await.json();
    assert!(observed.get("dateTokenIdles").is_none(), "{observed}");
}

#[tokio::test]
async fn to_verify_the_token_or_to_read_the_timeout_is_an_activity_only_by_the_rules() {
    let rig = Rig::signed_in().await;
    rig.clock.advance(1000);
    let verified = rig.call(Method::HEAD, ME, TOKEN, None).await;
    assert_eq!((verified.status, verified.text.as_str()), (StatusCode::OK, ""));
    assert_eq!(call(&rig, Method::GET, TIMEOUT).await, StatusCode::OK);
    assert_eq!(idle(&rig).await, 1000);
    rig.put_policy("organization", json!({ "api_rules": { "include": ["/api/v2/**"] } })).await;
    for (method, path) in [(Method::HEAD, ME), (Method::GET, TIMEOUT)] {
        rig.clock.advance(1000);
        assert_eq!(call(&rig, method, path).await, StatusCode::OK);
        assert_eq!(idle(&rig).await, 0, "{path}");
    }
    rig.clock.advance(1000);
    call(&rig, Method::GET, PRESERVED).await;
    assert_eq!(idle(&rig).await, 1000, "what is preserved is, whatever the rules say");
}

#[tokio::test]
async fn a_call_that_is_excluded_by_name_is_no_activity() {
    let rig = Rig::signed_in().await;
    let rules = json!({ "include": ["/**"], "exclude": ["GET /api/v2/tokens/me"] });
    rig.put_policy("organization", json!({ "api_rules": rules })).await;
    rig.clock.advance(1000);
    assert_eq!(call(&rig, Method::GET, ME).await, StatusCode::OK);
    assert_eq!(idle(&rig).await, 1000);
}

#[tokio::test]
async fn what_slid_is_shown_and_counts_for_linked_tokens() {
    let rig = Rig::new();
    rig.put_policy("organization", json!({ "link_tokens": true })).await;
    for token in [TOKEN, "another-token-of-ann"] {
        let body = json!({ "token": token, "user": "ann", "sign_in": "monday" });
        rig.call(Method::POST, "/v1/sessions", ADMIN, Some(body)).await;
    }
    rig.clock.advance(5000);
    rig.call(Method::GET, ME, "another-token-of-ann", None).await;
    assert_eq!(idle(&rig).await, 0);
    let sessions = rig.admin(Method::GET, "/v1/admin/sessions", None).await;
    let whys = sessions["sessions"].as_array().unwrap().iter();
    let said = whys.filter(|one| one["why"].as_str().unwrap().contains("(GET /api/v2/tokens/me)"));
    assert_eq!(said.count(), 1, "{sessions}");
}

#[tokio::test]
async fn a_token_can_be_given_back() {
    let rig = Rig::signed_in().await;
    let ended = rig.call(Method::DELETE, ME, TOKEN, None).await;
    assert_eq!((ended.status, ended.text.as_str()), (StatusCode::NO_CONTENT, ""));
    rig.ask().await.gone("signed-out");
    let again = rig.call(Method::DELETE, ME, TOKEN, None).await;
    assert_eq!(again.error(401, "credentials.expired")["messageParams"]["because"], "signed-out");
    assert_eq!(again.header("www-authenticate"), r#"Bearer error="invalid_token""#);
}

#[tokio::test]
async fn nothing_revives_a_token_that_idled_out() {
    let rig = Rig::signed_in().await;
    rig.clock.advance(TIMEOUT_MS);
    for (method, path) in [(Method::GET, ME), (Method::GET, PRESERVED), (Method::GET, TIMEOUT)] {
        let gone = rig.call(method, path, TOKEN, None).await;
        assert_eq!(gone.error(401, "credentials.expired")["messageParams"]["because"], "idle");
    }
    assert_eq!(call(&rig, Method::HEAD, ME).await, StatusCode::UNAUTHORIZED);
    rig.ask().await.gone("idle");
}

#[tokio::test]
async fn an_administrator_logs_a_user_off() {
    let rig = watched().await;
    rig.register("another-token-of-ann", "ann").await;
    rig.register("the-token-of-bob-bob", "bob").await;
    let path = "/api/v2/tokens/ann";
    for token in [TOKEN, WATCHER] {
        let refused = rig.call(Method::DELETE, path, token, None).await;
        let error = refused.error(403, "missing.any.permissions");
        assert_eq!(error["messageParams"]["permission"], "oauth:token:delete");
        assert!(error["message"].as_str().unwrap().contains("[oauth:token:delete]"));
        let challenge = r#"Bearer error="insufficient_scope", scope="sessions:end""#;
        assert_eq!(refused.header("www-authenticate"), challenge);
    }
    rig.call(Method::DELETE, path, "a-token-of-nobody-here", None)
        .await
        .error(401, "bad.credentials");
    assert_eq!(rig.ask().await.status, StatusCode::OK);
    let done = rig.call(Method::DELETE, path, ADMIN, None).await;
    assert_eq!((done.status, done.text.as_str()), (StatusCode::NO_CONTENT, ""));
    rig.ask().await.gone("revoked");
    let other = rig.call(Method::GET, "/v1/session", "another-token-of-ann", None).await;
    other.gone("revoked");
    let bobs = rig.call(Method::GET, "/v1/session", "the-token-of-bob-bob", None).await;
    assert_eq!(bobs.status, StatusCode::OK);
    let acts = rig.admin(Method::GET, "/v1/admin/audit", None).await["acts"].clone();
    assert_eq!(acts.as_array().unwrap().len(), 1, "{acts}");
    assert_eq!((&acts[0]["act"], &acts[0]["target"]), (&json!("user.log-off"), &json!("ann")));
}

#[tokio::test]
async fn a_sign_in_that_was_logged_off_is_not_taken_up_again() {
    let rig = Rig::new();
    let body = |token: &str| json!({ "token": token, "user": "ann", "sign_in": "monday" });
    rig.admin(Method::POST, "/v1/sessions", Some(body(TOKEN))).await;
    rig.call(Method::DELETE, "/api/v2/tokens/ann", ADMIN, None).await;
    let again = Some(body("another-token-of-ann"));
    rig.call(Method::POST, "/v1/sessions", ADMIN, again).await.problem(409);
}
