//! A whole authority that tells receivers, on a clock that the test moves.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use stillhere::core::policy::Policy;
use stillhere_authority::{
    AppState, Settings,
    admins::AdminToken,
    app,
    clock::ManualClock,
    config::Config,
    run,
    store::{Store, memory::MemoryStore},
};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use tower::ServiceExt;

use crate::fake::{Fake, PATIENCE};

pub const ADMIN: &str = "administrators-token";
pub const START_MS: u64 = 1_700_000_000_000;
pub const TIMEOUT_MS: u64 = 900_000;
/// 24 bytes: the shortest secret that the specification allows.
pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A configuration of that receiver alone.
pub fn webhook(fake: &Fake) -> String {
    webhook_named("crm", fake)
}

pub fn webhook_named(name: &str, fake: &Fake) -> String {
    format!("[[webhook]]\nname = {name:?}\nurl = {:?}\nsecrets = [{SECRET:?}]\n", fake.url)
}

pub struct Rig {
    pub clock: Arc<ManualClock>,
    router: Router,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<std::io::Result<()>>,
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.running.abort();
    }
}

impl Rig {
    pub async fn new(config: &str) -> Self {
        let clock = Arc::new(ManualClock::new(START_MS));
        Self::with(config, clock, Arc::new(MemoryStore::default())).await
    }

    pub async fn with(config: &str, clock: Arc<ManualClock>, store: Arc<dyn Store>) -> Self {
        let mut notices = Config::parse(config).unwrap().notices;
        notices.retry.seed = Some(1);
        let settings = Settings {
            policy: Policy { idle_timeout_ms: TIMEOUT_MS, ..Policy::DEFAULT },
            admins: vec![AdminToken::of_all_scopes("administrator", ADMIN)],
            notices,
            ..Settings::default()
        };
        let state = AppState::open(settings, clock.clone(), store).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/healthz", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel();
        let router = app(state.clone());
        let running = tokio::spawn(run(listener, state, async {
            let _ = stopped.await;
        }));
        // It answers once each receiver's place in the log is known.
        reqwest::get(url).await.unwrap();
        Self { clock, router, stop: Some(stop), running }
    }

    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> (u16, String) {
        self.call_as(ADMIN, method, path, body).await
    }

    async fn call_as(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> (u16, String) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json");
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    /// What an administrator reads.
    pub async fn get(&self, path: &str) -> Value {
        let (status, text) = self.call(Method::GET, path, None).await;
        assert_eq!(status, 200, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// A list as a table.
    pub async fn csv(&self, path: &str) -> String {
        let request = Request::builder()
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {ADMIN}"))
            .header(header::ACCEPT, "text/csv")
            .body(Body::empty());
        let response = self.router.clone().oneshot(request.unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    /// Registers a token, whose name is that of its user, and gives it.
    pub async fn sign_in(&self, user: &str, sign_in: Option<&str>) -> String {
        let token = format!("a-token-of-{user}-{}", sign_in.unwrap_or("no-sign-in"));
        self.register(&token, user, sign_in).await;
        token
    }

    pub async fn register(&self, token: &str, user: &str, sign_in: Option<&str>) {
        let body = json!({ "token": token, "user": user, "sign_in": sign_in });
        let (status, text) = self.call(Method::POST, "/v1/sessions", Some(body)).await;
        assert_eq!(status, StatusCode::CREATED, "{text}");
    }

    /// The holder of a token gives it back.
    pub async fn sign_out(&self, token: &str) {
        let (status, text) = self.call_as(token, Method::DELETE, "/v1/session", None).await;
        assert!((200..300).contains(&status), "{text}");
    }

    /// An administrator ends all sessions of a user.
    pub async fn log_off(&self, user: &str) {
        let path = format!("/v1/admin/users/{user}/sessions");
        assert_eq!(self.call(Method::DELETE, &path, None).await.0, 200);
    }

    /// A session of that user begins and is signed out.
    pub async fn one_end(&self, user: &str) {
        let token = self.sign_in(user, None).await;
        self.sign_out(&token).await;
    }

    /// Waits until `/metrics` has that line; time does not pass meanwhile.
    pub async fn until(&self, line: &str) {
        let wanted = format!("\nstillhere_{line}\n");
        let found = async {
            while !self.call(Method::GET, "/metrics", None).await.1.contains(&wanted) {
                tokio::task::yield_now().await;
            }
        };
        if tokio::time::timeout(PATIENCE, found).await.is_err() {
            let metrics = self.call(Method::GET, "/metrics", None).await.1;
            panic!("{line} is not in\n{metrics}");
        }
    }

    /// Waits until a number of the webhook `crm` is that.
    pub async fn until_crm(&self, name: &str, value: u64) {
        self.until(&format!("{name}{{kind=\"webhook\",receiver=\"crm\"}} {value}")).await;
    }

    /// Gives every task that can go on the time to do so.
    pub async fn everybody_had_a_turn(&self) {
        for _ in 0..200 {
            tokio::task::yield_now().await;
        }
    }

    /// An orderly stop.
    pub async fn stop(mut self) {
        let _ = self.stop.take().unwrap().send(());
        tokio::time::timeout(PATIENCE, &mut self.running).await.unwrap().unwrap().unwrap();
    }

    /// As if the process had been killed: nothing more is done.
    pub async fn kill(mut self) {
        self.running.abort();
        assert!((&mut self.running).await.unwrap_err().is_cancelled());
    }
}
