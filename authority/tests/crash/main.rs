//! The authority is killed (SIGKILL) at random moments under load, and started again on its file.
//!
//! A checker knows what was acknowledged: no token that was revoked or had run out lives again, no
//! token and no policy is lost, and no session ends earlier than what was acknowledged says, by more
//! than the window in which activity is written.
//!
//! `STILLHERE_ROUNDS` says how often (4 without it), `STILLHERE_SEED` how the load is drawn.

// Clippy takes only functions marked #[test] for tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
// A process that is killed lives by the real clock.
#![allow(clippy::disallowed_methods)]

use std::{
    collections::HashMap,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use oorandom::Rand64;
use serde_json::{Value, json};

const ADMIN: &str = "administrators-token";
const TIMEOUT: Duration = Duration::from_secs(3);
/// Activity is written each 100 ms, and then waits for the commit under way and for its own. How long
/// those take on this machine is told by the calls that wait for them.
const WINDOW: Duration = Duration::from_millis(100);
const WORKERS: u64 = 4;

/// What is known of one token.
#[derive(Debug, Clone, Default)]
struct Known {
    /// Its registration was acknowledged.
    registered: bool,
    /// When the newest activity that was acknowledged was sent.
    acknowledged: Option<Instant>,
    /// When the newest activity that was ever sent can have arrived at the latest.
    attempted: Option<Instant>,
    /// A revocation was sent, and acknowledged.
    revoking: bool,
    revoked: bool,
}

#[derive(Default)]
struct Ledger {
    tokens: HashMap<String, Known>,
    /// The highest version of the policies that was acknowledged.
    version: u64,
    /// The longest time that a call took which waits for the disk.
    slowest: Duration,
}

struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(store: &Path, port: u16) -> Self {
        let timeout = format!("{}ms", TIMEOUT.as_millis());
        let child = Command::new(env!("CARGO_BIN_EXE_stillhere-authority"))
            .args(["--dev", "--idle-timeout", &timeout, "--store"])
            .arg(store)
            .env_clear()
            .env("STILLHERE_ADMIN_TOKEN", ADMIN)
            .env("PORT", port.to_string())
            .env("RUST_LOG", "error")
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, url: format!("http://127.0.0.1:{port}") }
    }

    async fn ready(&self, client: &reqwest::Client) {
        let began = Instant::now();
        loop {
            let answer = client.get(format!("{}/readyz", self.url)).send().await;
            if answer.is_ok_and(|answer| answer.status() == 200) {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "the authority did not start");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Clone)]
struct Client {
    http: reqwest::Client,
    url: String,
    ledger: Arc<Mutex<Ledger>>,
}

impl Client {
    /// The status and body of the answer. None where the authority was killed before it came.
    async fn call(
        &self,
        method: reqwest::Method,
        path: &str,
        token: &str,
        body: Option<Value>,
    ) -> Option<(u16, Value)> {
        let request = self.http.request(method, format!("{}{path}", self.url)).bearer_auth(token);
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
        method: reqwest::Method,
        path: &str,
        body: Option<Value>,
    ) -> Option<(u16, Value)> {
        let began = Instant::now();
        let answer = self.call(method, path, ADMIN, body).await;
        let mut ledger = self.ledger.lock().unwrap();
        ledger.slowest = ledger.slowest.max(began.elapsed());
        answer
    }

    fn note(&self, token: &str, change: impl FnOnce(&mut Known)) {
        change(self.ledger.lock().unwrap().tokens.entry(token.to_owned()).or_default());
    }

    async fn register(&self, token: &str) -> Option<()> {
        let sent = Instant::now();
        let body = json!({ "token": token, "user": "ann" });
        let answer = self.durable(reqwest::Method::POST, "/v1/sessions", Some(body)).await;
        self.note(token, |known| known.attempted = Some(Instant::now()));
        assert_eq!(answer.as_ref()?.0, 201, "{answer:?}");
        self.note(token, |known| {
            known.registered = true;
            known.acknowledged = Some(sent);
        });
        Some(())
    }

    async fn touch(&self, token: &str) -> Option<()> {
        let sent = Instant::now();
        let report = json!({
            "age_ms": 0,
            "counts": { "keystrokes": 1, "clicks": 0, "heartbeats": 0, "notes": 0 },
            "contexts": 1, "holds": [], "agent": "crash",
        });
        let answer = self.call(reqwest::Method::POST, "/v1/keepalive", token, Some(report)).await;
        self.note(token, |known| known.attempted = Some(Instant::now()));
        if answer?.0 == 200 {
            self.note(token, |known| known.acknowledged = Some(sent));
        }
        Some(())
    }

    async fn revoke(&self, token: &str) -> Option<()> {
        self.note(token, |known| known.revoking = true);
        let id = stillhere_authority::store::Key::of(token).id();
        let path = format!("/v1/admin/sessions/{id}");
        let answer = self.durable(reqwest::Method::DELETE, &path, None).await;
        assert_eq!(answer?.0, 204);
        self.note(token, |known| known.revoked = true);
        Some(())
    }

    async fn policy(&self, hold: u64) -> Option<()> {
        let body = json!({ "max_hold_ms": hold });
        let path = "/v1/admin/policy/users/ann";
        let (status, written) = self.durable(reqwest::Method::PUT, path, Some(body)).await?;
        assert_eq!(status, 200, "{written}");
        let version = written["version"].as_u64().unwrap();
        let mut ledger = self.ledger.lock().unwrap();
        ledger.version = ledger.version.max(version);
        Some(())
    }

    /// Makes calls until the authority is gone.
    async fn work(self, seed: u64, round: u64, worker: u64) {
        let mut random = Rand64::new(u128::from(seed ^ (round << 20) ^ worker));
        let mut mine: Vec<String> = Vec::new();
        for number in 0_u64.. {
            let chosen = (!mine.is_empty()).then(|| random.rand_range(0..mine.len() as u64));
            let chosen = chosen.map(|at| mine[usize::try_from(at).unwrap()].clone());
            let done = match (random.rand_range(0..20), chosen) {
                (0, _) => self.policy(random.rand_range(1..3_600_000)).await,
                (1..=2, Some(token)) => self.revoke(&token).await,
                (3..=14, Some(token)) => self.touch(&token).await,
                _ => {
                    let token =
                        format!("a-token-of-the-crash-test-{seed}-{round}-{worker}-{number}");
                    mine.push(token.clone());
                    self.register(&token).await
                }
            };
            if done.is_none() {
                return;
            }
        }
    }

    async fn check(&self) {
        let (_, policy) =
            self.call(reqwest::Method::GET, "/v1/admin/policy", ADMIN, None).await.unwrap();
        let (known, slowest) = {
            let ledger = self.ledger.lock().unwrap();
            (ledger.version, ledger.slowest)
        };
        let window = WINDOW + 2 * slowest;
        assert!(policy["version"].as_u64().unwrap() >= known, "a policy was lost: {policy}");
        let tokens = self.ledger.lock().unwrap().tokens.clone();
        let (mut alive, mut dead) = (0, 0);
        for (token, known) in tokens {
            let asked = Instant::now();
            let (status, body) =
                self.call(reqwest::Method::GET, "/v1/session", &token, None).await.unwrap();
            let answered = Instant::now();
            assert!(!known.revoked || status == 401, "{token} was revoked and lives: {body}");
            let run_out = known.attempted.is_none_or(|at| asked > at + TIMEOUT);
            assert!(!run_out || status == 401, "{token} had run out and lives: {body}");
            let safe = known.acknowledged.filter(|at| answered + window < *at + TIMEOUT);
            if known.registered && !known.revoking && safe.is_some() {
                assert_eq!(status, 200, "{token} lives and was lost or ended early: {body}");
                alive += 1;
            }
            if status == 401 {
                dead += 1;
            }
            if known.registered && status == 401 {
                assert_eq!(body["state"], "ended", "{token} is not known any more: {body}");
            }
        }
        let lost = window.as_millis();
        println!("checked: {alive} that must live, {dead} that are over; a window of {lost} ms");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_and_nothing_dead_lives() {
    let number = |name: &str, otherwise: u64| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    };
    let (rounds, seed) = (number("STILLHERE_ROUNDS", 4), number("STILLHERE_SEED", 1));
    let mut random = Rand64::new(u128::from(seed));
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("sessions.redb");
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let mut server = Server::start(&store, port);
    let client = Client { http, url: server.url.clone(), ledger: ledger.clone() };
    server.ready(&client.http).await;
    for round in 0..rounds {
        let workers: Vec<_> = (0..WORKERS)
            .map(|worker| tokio::spawn(client.clone().work(seed, round, worker)))
            .collect();
        tokio::time::sleep(Duration::from_millis(random.rand_range(50..900))).await;
        server.kill();
        for worker in workers {
            worker.await.unwrap();
        }
        if random.rand_range(0..3) == 0 {
            // Long enough for some to run out while nobody looks.
            tokio::time::sleep(TIMEOUT / 2).await;
        }
        server = Server::start(&store, port);
        server.ready(&client.http).await;
        client.check().await;
        // Those that are surely over need not be asked for again in each round.
        let old = |known: &Known| known.attempted.is_some_and(|at| at.elapsed() > 3 * TIMEOUT);
        ledger.lock().unwrap().tokens.retain(|_, known| !old(known));
    }
}
