//! `/metrics` counts per server, by route pattern, and nothing that a stranger can invent.

use axum::{
    body::Body,
    http::{Method, Request},
};

use crate::rig::{Rig, TIMEOUT_MS, TOKEN, report};

#[tokio::test]
async fn what_happened_is_counted() {
    let rig = Rig::signed_in().await;
    let other = Rig::new();
    rig.keep_alive(report(0)).await;
    rig.keep_alive(report(0)).await;
    rig.ask().await;
    rig.clock.advance(TIMEOUT_MS);
    rig.keep_alive(report(0)).await;
    rig.ask().await;
    let metrics = rig.metrics().await;
    let expected = [
        "stillhere_keepalives_total 2\n",
        "stillhere_questions_total 1\n",
        "stillhere_event_streams 0\n",
        "stillhere_sessions 0\n",
        "stillhere_ends_total{because=\"idle\"} 1\n",
        "stillhere_ends_total{because=\"revoked\"} 0\n",
        "stillhere_http_requests_total{method=\"POST\",route=\"/v1/keepalive\",status=\"200\"} 2\n",
        "stillhere_http_requests_total{method=\"GET\",route=\"/v1/session\",status=\"401\"} 1\n",
    ];
    for line in expected {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
    assert!(other.metrics().await.contains("stillhere_keepalives_total 0\n"));
}

#[tokio::test]
async fn paths_and_invented_methods_make_no_labels() {
    let rig = Rig::new();
    for path in ["/some/where", "/v1/admin/sessions/secret"] {
        let request = Request::builder().method("BREW").uri(path).body(Body::empty()).unwrap();
        rig.send(request).await;
        rig.call(Method::DELETE, path, TOKEN, None).await;
    }
    let metrics = rig.metrics().await;
    for word in ["BREW", "where", "secret", TOKEN] {
        assert!(!metrics.contains(word), "{word} is in\n{metrics}");
    }
    assert!(metrics.contains("route=\"/v1/admin/sessions/{id}\""), "{metrics}");
}

#[tokio::test]
async fn how_late_an_end_was_carried_out_is_measured() {
    let rig = Rig::signed_in().await;
    rig.clock.advance(TIMEOUT_MS + 200);
    rig.look_at_due().await;
    let metrics = rig.metrics().await;
    assert!(metrics.contains("stillhere_end_delay_seconds_bucket{le=\"0.25\"} 1\n"), "{metrics}");
    assert!(metrics.contains("stillhere_end_delay_seconds_bucket{le=\"0.1\"} 0\n"), "{metrics}");
}

#[tokio::test]
async fn sessions_that_a_store_kept_are_counted_from_the_start() {
    use std::sync::Arc;
    use stillhere_authority::{AppState, store::memory::MemoryStore};
    let store = Arc::new(MemoryStore::default());
    let rig = Rig::new();
    for _ in 0..2 {
        let opened = AppState::open(crate::rig::settings(), rig.clock.clone(), store.clone()).await;
        let again = Rig::of(opened.unwrap(), rig.clock.clone());
        let number = again.metrics().await.contains("stillhere_sessions 1\n");
        let token = format!("a-token-of-some-length-{number}");
        again.register(&token, "ann").await;
        again.call(axum::http::Method::DELETE, "/v1/session", &token, None).await;
        again.register(&format!("another-{token}"), "ann").await;
        let lives = if number { 2 } else { 1 };
        let metrics = again.metrics().await;
        assert!(metrics.contains(&format!("stillhere_sessions {lives}\n")), "{metrics}");
    }
}
