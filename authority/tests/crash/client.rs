//! Calls to one authority or several, each written down in the ledger and held against it.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::{StreamExt, stream};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    authority::{ADMIN, PATIENCE, url},
    ledger::{Ledger, Shown, Token, Tolerance},
};

pub const USERS: [&str; 3] = ["ann", "bob", "cat"];
/// Questions of a check at once.
const AT_ONCE: usize = 8;
/// The longest time until all nodes have heard of a policy after the network is well again: a node
/// looks each second whether its connection for news still answers, gives it a second to do so, and
/// waits up to a second with the next one. Twice that, for machines that are busy.
const HEARD: Duration = Duration::from_secs(6);

type Answer = (u16, Value);

#[derive(Clone)]
pub struct Client {
    pub http: reqwest::Client,
    nodes: Arc<[String]>,
    ledger: Arc<Mutex<Ledger>>,
    /// Policies that were written, so that no two are the same.
    policies: Arc<AtomicU64>,
}

impl Client {
    /// Of nodes on these ports.
    pub fn new(ports: &[u16], tolerance: Tolerance) -> Self {
        Self {
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            nodes: ports.iter().copied().map(url).collect(),
            ledger: Arc::new(Mutex::new(Ledger::new(tolerance))),
            policies: Arc::default(),
        }
    }

    pub fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// One worker that found something panics, and the others go on.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The status and body of the answer. None where the authority was killed before it came.
    async fn call(
        &self,
        node: usize,
        method: Method,
        path: &str,
        token: &str,
        body: Option<Value>,
    ) -> Option<Answer> {
        let request = self.http.request(method, format!("{}{path}", self.nodes[node]));
        let request = request.bearer_auth(token);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        let answer = request.send().await.ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.json().await.unwrap_or(Value::Null)))
    }

    /// The same for a call that is answered once it is on disk.
    async fn durable(
        &self,
        node: usize,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Option<Answer> {
        let began = Instant::now();
        let answer = self.call(node, method, path, ADMIN, body).await;
        self.ledger().waited(began.elapsed());
        answer
    }

    pub async fn register(&self, node: usize, token: &str, user: &str) -> Option<()> {
        let sent = Instant::now();
        self.ledger().extending(token);
        let body = json!({ "token": token, "user": user });
        let answer = self.durable(node, Method::POST, "/v1/sessions", Some(body)).await;
        let done = answer.as_ref().is_some_and(|answer| answer.0 == 201);
        self.ledger().extended(token, sent, done);
        let (status, body) = answer?;
        assert!(matches!(status, 201 | 503), "{token} was not registered: {status} {body}");
        if done {
            self.ledger().registered(token, sent);
        }
        Some(())
    }

    pub async fn touch(&self, node: usize, token: &str) -> Option<u16> {
        let sent = Instant::now();
        let before = self.ledger().extending(token);
        let report = json!({
            "age_ms": 0,
            "counts": { "keystrokes": 1, "clicks": 0, "heartbeats": 0, "notes": 0 },
            "contexts": 1, "holds": [], "agent": "crash",
        });
        let answer = self.call(node, Method::POST, "/v1/keepalive", token, Some(report)).await;
        let done = answer.as_ref().is_some_and(|answer| answer.0 == 200);
        self.ledger().extended(token, sent, done);
        self.judge(node, token, &before, sent, &answer?).map(|(status, _)| status)
    }

    /// Asks where a token stands, or whether a request with it may pass. Neither is activity.
    pub async fn ask(&self, node: usize, path: &str, token: &str) -> Option<(u16, Shown)> {
        let sent = Instant::now();
        let before = self.ledger().token(token);
        let answer = self.call(node, Method::GET, path, token, None).await?;
        self.judge(node, token, &before, sent, &answer)
    }

    fn judge(
        &self,
        node: usize,
        token: &str,
        before: &Token,
        sent: Instant,
        (status, body): &Answer,
    ) -> Option<(u16, Shown)> {
        assert!(matches!(status, 200 | 204 | 401 | 503), "node {node}: {status} {body}");
        let shown = self.ledger().judge(token, before, sent, (*status, body));
        Some((*status, shown))
    }

    pub async fn revoke(&self, node: usize, token: &str) -> Option<()> {
        let sent = Instant::now();
        let before = self.ledger().token(token);
        self.ledger().revoking(token);
        let id = stillhere_authority::store::Key::of(token).id();
        let path = format!("/v1/admin/sessions/{id}");
        let (status, body) = self.durable(node, Method::DELETE, &path, None).await?;
        match status {
            204 => self.ledger().revoked(token, sent),
            404 => self.ledger().is_unknown(token, &before),
            _ => assert_eq!(status, 503, "{token} was not revoked: {body}"),
        }
        Some(())
    }

    /// Writes a policy that nobody wrote before.
    pub async fn policy(&self, node: usize, user: &str) -> Option<()> {
        let value = 60_000 + self.policies.fetch_add(1, Ordering::Relaxed);
        let path = format!("/v1/admin/policy/users/{user}");
        let sent = Instant::now();
        let body = json!({ "max_hold_ms": value });
        let answer = self.durable(node, Method::PUT, &path, Some(body)).await;
        let written = answer.as_ref().filter(|(status, _)| *status == 200);
        let version = written.map(|(_, body)| body["version"].as_u64().unwrap());
        self.ledger().policy(user, value, sent, version);
        let (status, body) = answer?;
        assert!(matches!(status, 200 | 503), "a policy was not written: {status} {body}");
        Some(())
    }

    /// Asks a node for each token that is known.
    pub async fn check_tokens(&self, node: usize) -> Checked {
        let tokens: Vec<String> = self.ledger().tokens.keys().cloned().collect();
        let ask = |token: String| async move {
            let began = Instant::now();
            loop {
                let (status, shown) = self.ask(node, "/v1/session", &token).await.unwrap();
                if status != 503 {
                    return shown;
                }
                // A disk can be so slow that Redis does not answer in time.
                assert!(began.elapsed() < PATIENCE, "node {node} cannot say where {token} stands");
            }
        };
        let shown: Vec<Shown> =
            stream::iter(tokens).map(ask).buffer_unordered(AT_ONCE).collect().await;
        let count = |what| shown.iter().filter(|shown| **shown == what).count();
        Checked {
            alive: count(Shown::MustLive),
            over: count(Shown::Over),
            undone: count(Shown::Undone),
        }
    }

    /// Waits until all nodes have the same policies, each one that may be in force. How long it took.
    pub async fn check_policies(&self) -> Duration {
        let began = Instant::now();
        for user in USERS {
            let possible = self.ledger().possible(user);
            loop {
                let mut told = BTreeMap::new();
                for node in 0..self.nodes() {
                    told.insert(node, self.policy_in_force(node, user).await);
                }
                let first = told[&0];
                if possible.contains(&first) && told.values().all(|other| *other == first) {
                    break;
                }
                assert!(
                    began.elapsed() < HEARD,
                    "the policy of {user} should be one of {possible:?} on all nodes: {told:?}"
                );
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        let took = began.elapsed();
        let known = self.ledger().version();
        for node in 0..self.nodes() {
            let path = "/v1/admin/policy";
            let (_, policy) = self.call(node, Method::GET, path, ADMIN, None).await.unwrap();
            let version = policy["version"].as_u64().unwrap();
            assert!(version >= known, "node {node} lost a policy: {known} was told, not {version}");
        }
        took
    }

    async fn policy_in_force(&self, node: usize, user: &str) -> Option<u64> {
        let path = format!("/v1/admin/policy/users/{user}");
        let (status, body) = self.call(node, Method::GET, &path, ADMIN, None).await.unwrap();
        assert!(matches!(status, 200 | 404), "{status} {body}");
        body["max_hold_ms"].as_u64()
    }
}

/// What a check has seen on one node.
#[derive(Debug, Clone, Copy)]
pub struct Checked {
    /// Sessions that must live, and do.
    pub alive: usize,
    /// Sessions that are over.
    pub over: usize,
    /// Acknowledged revocations that were lost as far as that is allowed.
    pub undone: usize,
}
