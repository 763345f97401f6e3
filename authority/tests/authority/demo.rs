//! The demo pages and their sign-in.

use std::{
    fs,
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
};

use axum::{
    body::Body,
    http::{Method, Request, header},
};
use serde_json::json;
use stillhere_authority::Settings;

use crate::rig::{Rig, TOKEN, settings};

/// A folder of its own each time: another test must not read a file that is just being written.
fn folder(name: &str, file: &str, content: &[u8]) -> PathBuf {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{number}"));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(file), content).unwrap();
    folder
}

pub fn demo() -> Rig {
    let www = Some(folder("www", "index.html", b"<title>demo</title>"));
    let dist = Some(folder("dist", "agent.wasm", b"\0asm"));
    Rig::with(Settings { dev: true, www, dist, ..settings() })
}

#[tokio::test]
async fn signing_in_gives_a_token_that_lives() {
    let rig = demo();
    let name = json!({ "name": "ann" });
    let signed_in = rig.call(Method::POST, "/demo/sign-in", TOKEN, Some(name)).await.json();
    assert_eq!(signed_in["user"], "ann");
    let token = signed_in["token"].as_str().unwrap();
    assert_eq!(token.len(), 43);
    let state = rig.call(Method::GET, "/v1/session", token, None).await.json();
    assert_eq!(state["state"], "alive");
    for wrong in [json!({}), json!({ "name": "" }), json!({ "name": "x".repeat(65) })] {
        rig.call(Method::POST, "/demo/sign-in", TOKEN, Some(wrong)).await.problem(422);
    }
}

#[tokio::test]
async fn pages_are_served_under_a_strict_policy() {
    let rig = demo();
    for (path, media_type) in [("/", "text/html"), ("/dist/agent.wasm", "application/wasm")] {
        let answer = rig.call(Method::GET, path, TOKEN, None).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("content-type"), media_type);
        assert_eq!(answer.header("cache-control"), "no-cache");
        let csp = answer.header("content-security-policy");
        assert!(
            csp.starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; "),
            "{csp}"
        );
        assert!(!csp.contains("frame-ancestors") && !csp.contains("unsafe-inline"), "{csp}");
    }
    rig.call(Method::GET, "/nothing", TOKEN, None).await.problem(404);
    rig.call(Method::GET, "/..%2fdist/agent.wasm", TOKEN, None).await.problem(404);
}

#[tokio::test]
async fn another_site_starts_with_a_page_that_embeds_the_app() {
    let www = folder("www-sites", "index.html", b"<title>app</title>");
    std::fs::create_dir_all(www.join("crm")).unwrap();
    std::fs::write(www.join("crm/index.html"), b"<title>crm</title>").unwrap();
    let rig = Rig::with(Settings { dev: true, www: Some(www), ..settings() });
    let hosts = [
        ("localhost:8787", "app"),
        ("127.0.0.1:8787", "app"),
        ("crm.localhost:8787", "crm"),
        ("other.localhost", "crm"),
        ("notlocalhost", "app"),
    ];
    for (host, page) in hosts {
        for (path, page) in [("/", page), ("/index.html", "app")] {
            let request = Request::get(path).header(header::HOST, host);
            let answer = rig.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.text, format!("<title>{page}</title>"), "{path} at {host}");
        }
        let request = Request::get("/").header(header::HOST, host);
        let answer = demo().send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.text, "<title>demo</title>", "no such page there, at {host}");
    }
}

#[tokio::test]
async fn without_the_demo_there_is_no_sign_in() {
    let rig = Rig::new();
    let name = json!({ "name": "ann" });
    rig.call(Method::POST, "/demo/sign-in", TOKEN, Some(name)).await.problem(404);
    rig.call(Method::GET, "/", TOKEN, None).await.problem(404);
}
