//! `/openapi.json` names every call that the server answers.

use axum::http::{Method, StatusCode};
use serde_json::Value;

use crate::rig::{Rig, TOKEN};

const CALLS: [(&str, &str); 36] = [
    ("/v1/keepalive", "post"),
    ("/v1/session", "get"),
    ("/v1/session", "delete"),
    ("/v1/events", "get"),
    ("/v1/sessions", "post"),
    ("/v1/admin/sessions", "get"),
    ("/v1/check", "get"),
    ("/v1/admin/sessions/{id}", "get"),
    ("/v1/admin/sessions/{id}", "delete"),
    ("/v1/admin/policy", "get"),
    ("/v1/admin/policy/organization", "put"),
    ("/v1/admin/policy/groups/{group}", "get"),
    ("/v1/admin/policy/groups/{group}", "put"),
    ("/v1/admin/policy/groups/{group}", "delete"),
    ("/v1/admin/policy/users/{user}", "get"),
    ("/v1/admin/policy/users/{user}", "put"),
    ("/v1/admin/policy/users/{user}", "delete"),
    ("/v1/admin/policy/users/{user}/shift", "put"),
    ("/v1/admin/users/{user}/policy", "get"),
    ("/v1/admin/ends", "get"),
    ("/v1/admin/audit", "get"),
    ("/v1/admin/dead-letters", "get"),
    ("/v1/admin/dead-letters/{number}/retry", "post"),
    ("/v1/jwks.json", "get"),
    ("/v1/admin/users/{user}/sessions", "delete"),
    ("/api/v2/tokens/me", "head"),
    ("/api/v2/tokens/me", "get"),
    ("/api/v2/tokens/me", "delete"),
    ("/api/v2/tokens/{userId}", "delete"),
    ("/api/v2/tokens/timeout", "get"),
    ("/api/v2/tokens/timeout", "put"),
    ("/api/v2/organizations/authentication/settings", "get"),
    ("/api/v2/organizations/authentication/settings", "patch"),
    ("/healthz", "get"),
    ("/readyz", "get"),
    ("/metrics", "get"),
];

#[tokio::test]
async fn the_document_names_every_route_and_no_other() {
    let rig = Rig::new();
    let answer = rig.call(Method::GET, "/openapi.json", TOKEN, None).await;
    assert_eq!(answer.status, StatusCode::OK);
    let document = answer.json();
    let mut named: Vec<(&str, &str)> = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        named.extend(
            item.as_object().unwrap().keys().map(|method| (path.as_str(), method.as_str())),
        );
    }
    let mut expected = CALLS.to_vec();
    named.sort_unstable();
    expected.sort_unstable();
    assert_eq!(named, expected);
}

#[tokio::test]
async fn every_reference_leads_somewhere() {
    let rig = Rig::new();
    let document = rig.call(Method::GET, "/openapi.json", TOKEN, None).await.json();
    let mut references = Vec::new();
    collect(&document, &mut references);
    assert!(references.len() > 10);
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    for name in ["token", "admin"] {
        assert_eq!(document["components"]["securitySchemes"][name]["scheme"], "bearer");
    }
}

fn collect(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            references.extend(object.get("$ref").and_then(Value::as_str).map(str::to_owned));
            object.values().for_each(|value| collect(value, references));
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, references)),
        _ => {}
    }
}
