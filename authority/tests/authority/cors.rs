//! Which pages may call.

use axum::{
    body::Body,
    http::{HeaderValue, Request},
};
use stillhere_authority::Settings;

use crate::rig::{Answer, Rig, settings};

async fn preflight(rig: &Rig, origin: &str) -> Answer {
    let request = Request::options("/v1/keepalive")
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type");
    rig.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn listed_origins_may_call() {
    let listed = HeaderValue::from_static("https://app.example");
    let rig = Rig::with(Settings { allow_origins: vec![listed], ..settings() });
    let answer = preflight(&rig, "https://app.example").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), "https://app.example");
    assert_eq!(
        answer.header("access-control-allow-headers"),
        "authorization,content-type,if-match"
    );
    assert_eq!(answer.header("access-control-allow-methods"), "GET,POST,PUT,PATCH,DELETE");
    assert_eq!(answer.header("access-control-max-age"), "86400");
    for origin in
        ["https://app.example.evil", "http://app.example", "http://localhost:8787", "null"]
    {
        let answer = preflight(&rig, origin).await;
        assert_eq!(answer.header("access-control-allow-origin"), "", "{origin}");
    }
}

#[tokio::test]
async fn errors_can_be_read_by_pages_too() {
    let listed = HeaderValue::from_static("https://app.example");
    let rig = Rig::with(Settings { allow_origins: vec![listed], ..settings() });
    for path in ["/v1/session", "/nowhere", "/api/v2/tokens/me"] {
        let request = Request::get(path).header("origin", "https://app.example");
        let answer = rig.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.header("access-control-allow-origin"), "https://app.example", "{path}");
        let exposed = answer.header("access-control-expose-headers");
        assert_eq!(exposed, "retry-after,etag,www-authenticate,inin-correlation-id");
        assert!(answer.header("vary").contains("origin"));
    }
}

#[tokio::test]
async fn development_opens_every_loopback_origin() {
    let rig = Rig::with(Settings { dev: true, ..settings() });
    for origin in ["http://localhost:8787", "http://crm.localhost:8787", "http://127.0.0.1:1"] {
        let answer = preflight(&rig, origin).await;
        assert_eq!(answer.header("access-control-allow-origin"), origin);
    }
    let answer = preflight(&rig, "http://evil.example").await;
    assert_eq!(answer.header("access-control-allow-origin"), "");
}
