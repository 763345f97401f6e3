//! Whole authorities on one server.

use std::{sync::Arc, time::Duration};

use eventsource_stream::Eventsource;
use futures_util::{Stream, StreamExt, stream::BoxStream};
use serde_json::{Value, json};
use stillhere::core::policy::Policy;
use stillhere_authority::{
    AppState, Settings,
    admins::AdminToken,
    run,
    store::{Key, Owner, Store},
};
use tokio::{net::TcpListener, sync::oneshot};

use crate::{
    rig::{node, node_and_clock, soon},
    server::Server,
};

const ADMIN: &str = "administrators-token";
const TOKEN: &str = "a-token-of-some-length";

/// An authority on a socket. Stopped when dropped.
struct Node {
    url: String,
    client: reqwest::Client,
    _stop: oneshot::Sender<()>,
}

impl Node {
    async fn start(server: &Server, idle_timeout_ms: u64) -> Self {
        let (store, clock) = node_and_clock(&server.url()).await;
        let settings = Settings {
            policy: Policy { idle_timeout_ms, ..Policy::DEFAULT },
            admins: vec![AdminToken::of_all_scopes("administrator", ADMIN)],
            ..Settings::default()
        };
        let state = AppState::open(settings, Arc::new(clock), Arc::new(store)).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(run(listener, state, async {
            let _ = stopped.await;
        }));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { url, client, _stop: stop }
    }

    async fn three(server: &Server, idle_timeout_ms: u64) -> [Self; 3] {
        let start = || Self::start(server, idle_timeout_ms);
        [start().await, start().await, start().await]
    }

    async fn call(&self, method: &str, path: &str, token: &str, body: Value) -> (u16, Value) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = self.client.request(method, format!("{}{path}", self.url)).bearer_auth(token);
        let answer =
            if body.is_null() { request } else { request.json(&body) }.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }

    async fn register(&self) {
        let body = json!({ "token": TOKEN, "user": "ann" });
        assert_eq!(self.call("POST", "/v1/sessions", ADMIN, body).await.0, 201);
    }

    async fn keep_alive(&self) -> (u16, Value) {
        let report = json!({
            "age_ms": 0,
            "counts": { "keystrokes": 1, "clicks": 0, "heartbeats": 0, "notes": 0 },
            "contexts": 1,
            "holds": [],
            "agent": "test/1",
        });
        self.call("POST", "/v1/keepalive", TOKEN, report).await
    }

    async fn events(&self) -> Events {
        let url = format!("{}/v1/events", self.url);
        let response = self.client.get(url).bearer_auth(TOKEN).send().await.unwrap();
        assert_eq!(response.status(), 200);
        let stream = response.bytes_stream().eventsource().map(|event| {
            let event = event.unwrap();
            (event.event, serde_json::from_str(&event.data).unwrap())
        });
        let mut events = Events(stream.boxed());
        assert_eq!(soon(next(&mut events.0)).await.unwrap().0, "state");
        events
    }
}

struct Events(BoxStream<'static, (String, Value)>);

impl Events {
    /// The next event but a state: that is told again whenever a node may have missed something. When it
    /// was true depends on the clock.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            match soon(next(&mut self.0)).await {
                Some((name, _)) if name == "state" => {}
                Some((name, mut body)) => {
                    let at_ms = body.as_object_mut().and_then(|body| body.remove("at_ms"));
                    assert!(at_ms.is_some_and(|ms| ms.is_u64()), "{body}");
                    return Some((name, body));
                }
                None => return None,
            }
        }
    }
}

async fn next<T>(stream: &mut (impl Stream<Item = T> + Unpin)) -> Option<T> {
    stream.next().await
}

fn ended(because: &str) -> (String, Value) {
    ("ended".to_owned(), json!({ "state": "ended", "because": because }))
}

/// The real clock is the point: a revocation is news to whoever holds a stream, wherever that is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::disallowed_methods, reason = "how long it takes is measured")]
async fn a_token_lives_on_one_node_is_revoked_on_another_and_a_third_tells() {
    let server = Server::durable();
    let [first, second, third] = Node::three(&server, 900_000).await;
    first.register().await;
    assert_eq!(first.keep_alive().await.0, 200);
    let mut events = third.events().await;
    let revoked = std::time::Instant::now();
    second.call("DELETE", "/v1/admin/users/ann/sessions", ADMIN, Value::Null).await;
    assert_eq!(events.next().await, Some(ended("revoked")));
    let took = revoked.elapsed();
    assert!(took < Duration::from_millis(250), "{took:?}");
    assert_eq!(events.next().await, None);
    for node in [&first, &second, &third] {
        let (status, problem) = node.keep_alive().await;
        assert_eq!((status, &problem["because"]), (401, &json!("revoked")));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_that_one_node_takes_in_applies_on_all() {
    let server = Server::start();
    let [first, second, third] = Node::three(&server, 900_000).await;
    first.register().await;
    let mut events = third.events().await;
    let path = "/v1/admin/policy/organization";
    let (status, _) = second.call("PUT", path, ADMIN, json!({ "idle_timeout_ms": 600_000 })).await;
    assert_eq!(status, 200);
    let (name, told) = events.next().await.unwrap();
    assert_eq!((name.as_str(), &told["idle_timeout_ms"]), ("policy", &json!(600_000)));
}

/// Three nodes wait for the same deadline; it is one end, told by all and written down once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_end_happens_once() {
    let server = Server::start();
    let [first, second, third] = Node::three(&server, 400).await;
    first.register().await;
    let mut streams = [first.events().await, second.events().await, third.events().await];
    for events in &mut streams {
        assert_eq!(events.next().await, Some(ended("idle")));
    }
    let (_, log) = second.call("GET", "/v1/admin/ends", ADMIN, Value::Null).await;
    assert_eq!(log["ends"].as_array().map(Vec::len), Some(1), "{log}");
}

/// What a node did to a record that it remembered, and that was forgotten elsewhere, never happened.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_another_node_forgot_is_unknown() {
    let server = Server::start();
    let first = Node::start(&server, 900_000).await;
    first.register().await;
    assert_eq!(first.keep_alive().await.0, 200);
    let other = node(&server.url()).await;
    let owner = Owner { user: "ann".into(), sign_in: None, groups: Vec::new() };
    other.remove(&Key::of(TOKEN), &owner).await.unwrap();
    let (status, problem) = first.keep_alive().await;
    assert_eq!((status, &problem["because"]), (401, &Value::Null), "{problem}");
}
