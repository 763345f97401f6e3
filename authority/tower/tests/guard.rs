//! A service behind a real authority.

// Clippy takes only functions marked #[test] for tests; the helpers are tests as well.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{sync::Arc, time::Duration};

use axum::{Extension, Router, body::Body, routing::any};
use http::{Request, Response, header};
use http_body_util::BodyExt;
use stillhere_authority::{
    AppState, Settings, admins::AdminToken, app, clock::ManualClock, store::memory::MemoryStore,
};
use stillhere_tower::{Authority, User};
use tokio::net::TcpListener;
use tower::ServiceExt;

const ADMIN: &str = "administrators-token";
const TOKEN: &str = "a-token-of-some-length";
const TIMEOUT_MS: u64 = 900_000;

struct World {
    clock: Arc<ManualClock>,
    authority: Router,
    service: Router,
}

impl World {
    async fn new() -> Self {
        let clock = Arc::new(ManualClock::new(1_700_000_000_000));
        let admins = vec![AdminToken::of_all_scopes("administrator", ADMIN)];
        let settings = Settings { admins, ..Settings::default() };
        let store = Arc::new(MemoryStore::default());
        let authority = app(AppState::open(settings, clock.clone(), store).await.unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, authority.clone()).into_future());
        Self { clock, authority, service: service(Authority::new(&base).unwrap()) }
    }

    async fn admin(&self, method: &str, path: &str, body: &str) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {ADMIN}"))
            .header(header::CONTENT_TYPE, "application/json");
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let answer = self.authority.clone().oneshot(request).await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
    }

    async fn call(&self, method: &str, path: &str, token: &str) -> (Response<()>, String) {
        call(&self.service, method, path, Some(token)).await
    }
}

fn service(authority: Authority) -> Router {
    let whose = |Extension(User(name)): Extension<User>| async move { name };
    Router::new().route("/{*path}", any(whose)).layer(authority)
}

async fn call(
    service: &Router,
    method: &str,
    path: &str,
    token: Option<&str>,
) -> (Response<()>, String) {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let answer = service.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (Response::from_parts(parts, ()), String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_live_session_passes_as_its_users_and_counts_by_the_rules() {
    let world = World::new().await;
    world.admin("POST", "/v1/sessions", &format!(r#"{{"token":"{TOKEN}","user":"Zoë"}}"#)).await;
    let rules = r#"{"api_rules":{"include":["POST /orders/*"]}}"#;
    world.admin("PUT", "/v1/admin/policy/organization", rules).await;
    world.clock.advance(TIMEOUT_MS - 1);
    let (answer, body) = world.call("POST", "/orders/7?x=1", TOKEN).await;
    assert_eq!((answer.status().as_u16(), body.as_str()), (200, "Zoë"));
    world.clock.advance(TIMEOUT_MS - 1);
    assert_eq!(world.call("GET", "/orders/7", TOKEN).await.0.status(), 200);
    world.clock.advance(1);
    let (answer, body) = world.call("GET", "/orders/7", TOKEN).await;
    assert_eq!(answer.status(), 401, "a call that no rule names extends nothing");
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/problem+json");
    assert_eq!(answer.headers()[header::WWW_AUTHENTICATE], r#"Bearer error="invalid_token""#);
    assert!(body.contains(r#""because":"idle""#), "{body}");
}

#[tokio::test]
async fn whoever_has_no_token_is_told_how_to_send_one() {
    let world = World::new().await;
    let (answer, _) = call(&world.service, "GET", "/orders", None).await;
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.headers()[header::WWW_AUTHENTICATE], "Bearer");
    assert_eq!(world.call("GET", "/orders", "a-token-of-nobody-here").await.0.status(), 401);
}

#[tokio::test]
async fn an_authority_that_cannot_be_asked_lets_nobody_pass() {
    // A listener that takes connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", silent.local_addr().unwrap());
    let authority = Authority::new(&base).unwrap().time_limit(Duration::from_millis(50));
    let gone = Authority::new("http://127.0.0.1:9").unwrap();
    for authority in [authority, gone] {
        let (answer, _) = call(&service(authority), "GET", "/orders", Some(TOKEN)).await;
        assert_eq!(answer.status(), 503);
        assert_eq!(answer.headers()[header::RETRY_AFTER], "1");
    }
}

#[test]
fn an_address_that_cannot_be_asked_is_refused_at_once() {
    for base in ["", "authority.example", "ftp://authority.example", "http://"] {
        assert!(Authority::new(base).is_err(), "{base}");
    }
}
