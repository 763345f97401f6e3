//! Errors: one form for everything below /api/v2, and the name of the request in it.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use serde_json::json;

use super::{ME, SETTINGS, TIMEOUT, put};
use crate::rig::{ADMIN, Lines, Rig, TOKEN};

fn request(method: Method, path: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path)
}

#[tokio::test]
async fn what_no_handler_made_has_the_form_too() {
    let rig = Rig::signed_in().await;
    rig.call(Method::GET, "/api/v2/nowhere", TOKEN, None).await.error(404, "not.found");
    rig.call(Method::GET, "/api/v2", TOKEN, None).await.error(404, "not.found");
    let wrong = rig.call(Method::POST, ME, TOKEN, None).await;
    wrong.error(405, "method.not.allowed");
    assert!(wrong.header("allow").contains("DELETE"), "{}", wrong.header("allow"));
    let large = request(Method::PUT, TIMEOUT)
        .header(header::AUTHORIZATION, format!("Bearer {ADMIN}"))
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONTENT_LENGTH, 16 * 1024 + 1)
        .body(Body::from(" ".repeat(16 * 1024 + 1)));
    rig.send(large.unwrap()).await.error(413, "request.entity.too.large");
    let elsewhere = rig.call(Method::GET, "/v1/nowhere", TOKEN, None).await;
    elsewhere.problem(404);
    assert_eq!(elsewhere.header("inin-correlation-id"), "");
}

#[tokio::test]
async fn a_body_that_cannot_be_read_changes_nothing() {
    let rig = Rig::new();
    let send = |path: &'static str, media_type: &'static str, body: &'static str| {
        let method = if path == TIMEOUT { Method::PUT } else { Method::PATCH };
        let request = request(method, path)
            .header(header::AUTHORIZATION, format!("Bearer {ADMIN}"))
            .header(header::CONTENT_TYPE, media_type);
        rig.send(request.body(Body::from(body)).unwrap())
    };
    for path in [TIMEOUT, SETTINGS] {
        send(path, "text/plain", "{}").await.error(415, "unsupported.media.type");
        for body in ["", "{", "7", "[]", "[null]", r#"{"unheardOf":1}"#] {
            send(path, "application/json", body).await.error(400, "bad.request");
        }
    }
    for body in [
        r#"{"idleTokenTimeoutSeconds":-1}"#,
        r#"{"inactivityTimeoutUnit":"Days"}"#,
        r#"{"inactivityTimeoutGroupBundles":[{"priority":1,"timeoutSeconds":600}]}"#,
    ] {
        send(TIMEOUT, "application/json", body).await.error(400, "bad.request");
    }
    let error = rig.call(Method::GET, "/api/v2/tokens/me?preserveIdleTTL=maybe", TOKEN, None).await;
    error.error(400, "bad.request");
    assert_eq!(rig.admin(Method::GET, "/v1/admin/audit", None).await["acts"], json!([]));
}

#[tokio::test]
async fn credentials_are_challenged_as_everywhere() {
    let rig = Rig::signed_in().await;
    let cases = [
        (None, 401, "authentication.required", "Bearer"),
        (Some("Basic YTpi"), 401, "authentication.required", "Bearer"),
        (Some("Bearer a b"), 400, "bad.request", r#"Bearer error="invalid_request""#),
        (Some("Bearer of-nobody-here"), 401, "bad.credentials", r#"Bearer error="invalid_token""#),
    ];
    for (credentials, status, code, challenge) in cases {
        for (method, path) in [
            (Method::GET, ME),
            (Method::DELETE, ME),
            (Method::DELETE, "/api/v2/tokens/ann"),
            (Method::GET, TIMEOUT),
            (Method::PUT, TIMEOUT),
            (Method::GET, SETTINGS),
            (Method::PATCH, SETTINGS),
        ] {
            let mut asked = request(method, path);
            if let Some(credentials) = credentials {
                asked = asked.header(header::AUTHORIZATION, credentials);
            }
            let answer = rig.send(asked.body(Body::empty()).unwrap()).await;
            answer.error(status, code);
            assert_eq!(answer.header("www-authenticate"), challenge, "{path} {credentials:?}");
        }
    }
    assert_eq!(rig.ask().await.status, StatusCode::OK);
}

#[tokio::test]
async fn each_request_has_a_name_of_its_own() {
    let rig = Rig::signed_in().await;
    let mut names = Vec::new();
    for path in [ME, ME, "/api/v2/nowhere"] {
        let answer = rig.call(Method::GET, path, TOKEN, None).await;
        names.push(answer.header("inin-correlation-id").to_owned());
    }
    for name in &names {
        let parts: Vec<usize> = name.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12], "{name}");
    }
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 3);
}

#[tokio::test]
async fn the_log_names_the_request_that_was_refused() {
    let lines = Lines::default();
    let writer = lines.clone();
    let logged = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone());
    let rig = Rig::new();
    let wrong = json!({ "idleTokenTimeoutSeconds": 1 });
    // Each place that logs asks once whether anybody listens, and the threads of other tests answer
    // that nobody does. So all of them have asked before, and are asked again from this thread.
    put(&rig, wrong.clone()).await;
    let answer = {
        let _logging = tracing::subscriber::set_default(logged.finish());
        tracing::callsite::rebuild_interest_cache();
        put(&rig, wrong).await
    };
    let id = answer.header("inin-correlation-id");
    let text = lines.text();
    let line =
        text.lines().find(|line| line.contains(id)).unwrap_or_else(|| panic!("{id}: {text}"));
    assert!(line.contains("status=400") && line.contains("invalid.value"), "{line}");
}
