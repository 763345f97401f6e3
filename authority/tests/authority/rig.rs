//! A whole authority in the test's process, on a clock that the test moves.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, BodyDataStream, Bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use eventsource_stream::{EventStream, Eventsource};
use futures_util::{FutureExt, Stream, StreamExt, stream::BoxStream};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use stillhere::core::policy::Policy;
use stillhere_authority::{
    AppState, Settings, admins::AdminToken, app, clock::ManualClock, run,
    store::memory::MemoryStore,
};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use tower::ServiceExt;

/// How long a test waits for what must come, before it fails. Nothing waits this long when all is
/// well.
pub const PATIENCE: Duration = Duration::from_secs(20);
pub const ADMIN: &str = "administrators-token";
pub const TOKEN: &str = "a-token-of-some-length";
pub const START_MS: u64 = 1_700_000_000_000;
pub const TIMEOUT_MS: u64 = 900_000;

pub struct Rig {
    pub clock: Arc<ManualClock>,
    pub state: AppState,
    router: Router,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Asserts that the answer is a problem of that status and gives it.
    #[track_caller]
    pub fn problem(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], status);
        for field in ["type", "title", "detail"] {
            assert!(problem[field].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
        }
        problem
    }

    /// Asserts that the token is over for that reason.
    #[track_caller]
    pub fn gone(&self, because: &str) {
        let problem = self.problem(401);
        assert_eq!(problem["state"], "ended");
        assert_eq!(problem["because"], because);
        assert_eq!(self.header("www-authenticate"), r#"Bearer error="invalid_token""#);
    }
}

pub fn settings() -> Settings {
    let policy = Policy { idle_timeout_ms: TIMEOUT_MS, ..Policy::DEFAULT };
    Settings {
        policy,
        admins: vec![AdminToken::of_all_scopes("administrator", ADMIN)],
        ..Settings::default()
    }
}

impl Rig {
    pub fn new() -> Self {
        Self::with(settings())
    }

    pub fn with(settings: Settings) -> Self {
        let clock = Arc::new(ManualClock::new(START_MS));
        let state = AppState::open(settings, clock.clone(), Arc::new(MemoryStore::default()));
        let state = state.now_or_never().expect("memory never waits").unwrap();
        Self::of(state, clock)
    }

    /// A rig around a server that was made elsewhere.
    pub fn of(state: AppState, clock: Arc<ManualClock>) -> Self {
        Self { clock, router: app(state.clone()), state }
    }

    /// A rig in which `TOKEN` of user ann is registered.
    pub async fn signed_in() -> Self {
        let rig = Self::new();
        rig.register(TOKEN, "ann").await;
        rig
    }

    pub async fn register(&self, token: &str, user: &str) {
        let body = json!({ "token": token, "user": user });
        let answer = self.call(Method::POST, "/v1/sessions", ADMIN, Some(body)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    }

    /// Does what a server that runs does by itself: looks at the tokens that are due.
    pub async fn look_at_due(&self) {
        self.state.look_at_due().await.unwrap();
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let all = tokio::time::timeout(PATIENCE, body.collect()).await;
        let bytes = all.expect("the answer did not end").unwrap().to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    pub async fn call(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<Value>,
    ) -> Answer {
        let request = bearer(token).method(method).uri(path);
        let request = match body {
            Some(body) => request
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        };
        self.send(request.unwrap()).await
    }

    /// Calls as the administrator, who is allowed to.
    pub async fn admin(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let answer = self.call(method, path, ADMIN, body).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.text);
        serde_json::from_str(&answer.text).unwrap_or(Value::Null)
    }

    pub async fn put_policy(&self, whose: &str, layer: Value) -> Value {
        self.admin(Method::PUT, &format!("/v1/admin/policy/{whose}"), Some(layer)).await
    }

    pub async fn keep_alive(&self, report: Value) -> Answer {
        self.call(Method::POST, "/v1/keepalive", TOKEN, Some(report)).await
    }

    pub async fn ask(&self) -> Answer {
        self.call(Method::GET, "/v1/session", TOKEN, None).await
    }

    pub async fn metrics(&self) -> String {
        self.call(Method::GET, "/metrics", TOKEN, None).await.text
    }

    pub async fn events(&self) -> Events<BodyDataStream> {
        self.events_of(TOKEN).await
    }

    pub async fn events_of(&self, token: &str) -> Events<BodyDataStream> {
        Events(self.event_bytes_of(token).await.eventsource())
    }

    /// An event stream as it comes, comments and all.
    pub async fn event_bytes_of(&self, token: &str) -> BodyDataStream {
        let request = bearer(token).uri("/v1/events").body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        response.into_body().into_data_stream()
    }
}

fn bearer(token: &str) -> axum::http::request::Builder {
    Request::builder().header(header::AUTHORIZATION, format!("Bearer {token}"))
}

pub fn report(age_ms: u64) -> Value {
    report_with_holds(age_ms, &json!([]))
}

pub fn report_with_holds(age_ms: u64, holds: &Value) -> Value {
    json!({
        "age_ms": age_ms,
        "counts": { "keystrokes": 1, "clicks": 2, "heartbeats": 3, "notes": 4 },
        "contexts": 2,
        "holds": holds,
        "agent": "test/1",
    })
}

pub struct Events<S>(EventStream<S>);

impl<S, B, E> Events<S>
where
    S: Stream<Item = Result<B, E>> + Unpin,
    B: AsRef<[u8]>,
    E: std::fmt::Debug,
{
    /// The next event; fails rather than wait forever.
    pub async fn next(&mut self) -> Option<(String, Value)> {
        let next = tokio::time::timeout(PATIENCE, self.0.next()).await;
        next.expect("no event came").map(|event| {
            let event = event.unwrap();
            (event.event, serde_json::from_str(&event.data).unwrap())
        })
    }

    /// Whether nothing is there to be read, not even the end.
    pub fn is_silent(&mut self) -> bool {
        self.0.next().now_or_never().is_none()
    }
}

/// The same server on a socket, with its deadlines enforced.
pub struct Served {
    pub rig: Rig,
    pub url: String,
    pub client: reqwest::Client,
    pub stop: oneshot::Sender<()>,
    pub running: JoinHandle<std::io::Result<()>>,
}

impl Served {
    pub async fn signed_in() -> Self {
        Self::of(Rig::signed_in().await).await
    }

    pub async fn of(rig: Rig) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(run(listener, rig.state.clone(), async {
            let _ = stopped.await;
        }));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { rig, url, client, stop, running }
    }

    pub fn get(&self, path: &str) -> reqwest::RequestBuilder {
        self.client.get(format!("{}{path}", self.url)).bearer_auth(TOKEN)
    }

    pub async fn events(&self) -> Events<BoxStream<'static, reqwest::Result<Bytes>>> {
        let response = self.get("/v1/events").send().await.unwrap();
        assert_eq!(response.status(), 200);
        Events(response.bytes_stream().boxed().eventsource())
    }
}

/// What was logged.
#[derive(Clone, Default)]
pub struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
