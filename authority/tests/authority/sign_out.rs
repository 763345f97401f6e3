//! `DELETE /v1/session`: ends the token, once, for good.

use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::rig::{Rig, TOKEN, report};

#[tokio::test]
async fn signing_out_ends_the_token_for_good() {
    let rig = Rig::signed_in().await;
    let answer = rig.call(Method::DELETE, "/v1/session", TOKEN, None).await;
    assert_eq!(answer.status, StatusCode::OK);
    let state = answer.json();
    assert_eq!((&state["state"], &state["because"]), (&json!("ended"), &json!("signed-out")));
    assert_eq!(state["remaining_ms"], 0);
    rig.ask().await.gone("signed-out");
    rig.keep_alive(report(0)).await.gone("signed-out");
    let again = json!({ "because": "idle" });
    rig.call(Method::DELETE, "/v1/session", TOKEN, Some(again)).await.gone("signed-out");
    assert!(rig.metrics().await.contains("stillhere_ends_total{because=\"signed-out\"} 1\n"));
}

#[tokio::test]
async fn every_reason_that_a_holder_can_have_is_kept() {
    for because in ["idle", "schedule", "revoked", "signed-out"] {
        let rig = Rig::signed_in().await;
        let body = json!({ "because": because });
        rig.call(Method::DELETE, "/v1/session", TOKEN, Some(body)).await;
        rig.ask().await.gone(because);
    }
}

#[tokio::test]
async fn any_other_reason_ends_nothing() {
    let rig = Rig::signed_in().await;
    for because in ["bored", "token-missing", "authority-unreachable", ""] {
        let body = json!({ "because": because });
        rig.call(Method::DELETE, "/v1/session", TOKEN, Some(body)).await.problem(422);
    }
    assert_eq!(rig.ask().await.json()["state"], "alive");
}
