//! The way to the authority, over HTTP, to a real one.

use std::{sync::Arc, time::Duration};

use stillhere::core::{
    answer::Answer,
    ended::EndedBecause,
    facts::Counts,
    output::{HoldReport, Report},
    policy::{OnLock, Policy},
};
use stillhere_authority::{
    AppState, Settings, admins::AdminToken, clock::ManualClock, run, store::memory::MemoryStore,
};
use stillhere_native::{
    authority::Authority,
    keepalive::{KeepAlive, News},
};
use tokio::{net::TcpListener, sync::mpsc};

const ADMIN: &str = "administrators-token";
const TOKEN: &str = "a-token-of-some-length";

struct Server {
    base: String,
    client: reqwest::Client,
    clock: Arc<ManualClock>,
}

impl Server {
    async fn start() -> Self {
        let admins = vec![AdminToken::of_all_scopes("administrator", ADMIN)];
        let policy = Policy { on_lock: OnLock::Warn, ..Policy::DEFAULT };
        let settings = Settings { policy, admins, ..Settings::default() };
        let clock = Arc::new(ManualClock::new(1_700_000_000_000));
        let store = Arc::new(MemoryStore::default());
        let state = AppState::open(settings, clock.clone(), store).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(run(listener, state, std::future::pending::<()>()));
        let client = reqwest::Client::new();
        let body = serde_json::json!({ "token": TOKEN, "user": "ann" });
        let registered = client.post(format!("{base}/v1/sessions")).bearer_auth(ADMIN).json(&body);
        assert_eq!(registered.send().await.unwrap().status(), 201);
        Self { base, client, clock }
    }

    fn authority(&self, token: &str) -> Authority {
        Authority::new(self.client.clone(), &self.base, token.to_owned())
    }
}

fn report(age_ms: u64) -> Report {
    let counts = Counts { system: 3, ..Counts::default() };
    let hold = HoldReport { id: 0xabc, reason: "call".into(), ttl_ms: 60_000 };
    Report { age_ms, counts, contexts: 2, holds: vec![hold] }
}

#[tokio::test]
async fn each_call_says_where_the_session_stands() {
    let server = Server::start().await;
    let authority = server.authority(TOKEN);
    server.clock.advance(60_000);
    let Answer::Alive(asked) = authority.ask().await else { panic!("it lives") };
    assert_eq!((asked.idle_ms, asked.remaining_ms), (Some(60_000), Some(840_000)));
    assert_eq!(asked.policy.unwrap().on_lock, OnLock::Warn);
    let Answer::Alive(told) = authority.send(report(10_000)).await else { panic!("it lives") };
    assert_eq!((told.idle_ms, told.held), (Some(10_000), true));
    let seen = server.client.get(format!("{}/v1/admin/sessions", server.base)).bearer_auth(ADMIN);
    let seen: serde_json::Value = seen.send().await.unwrap().json().await.unwrap();
    let session = &seen["sessions"][0];
    assert_eq!(session["counts"]["system"], 3);
    assert_eq!(session["holds"][0]["id"], "0000000000000abc", "as pages call it");
    assert_eq!(session["agent"], "stillhere-native/0.1.0");
    authority.end(EndedBecause::Idle).await;
    assert_eq!(authority.ask().await, Answer::Gone(EndedBecause::Idle));
    assert_eq!(authority.send(report(0)).await, Answer::Gone(EndedBecause::Idle));
}

#[tokio::test]
async fn the_stream_brings_an_end_at_once() {
    let server = Server::start().await;
    let (say, mut heard) = mpsc::unbounded_channel();
    let listener = server.authority(TOKEN);
    tokio::spawn(async move {
        listener.listen(&|news| drop(say.send(news))).await;
    });
    let patience = Duration::from_secs(20);
    let first = tokio::time::timeout(patience, heard.recv()).await.unwrap().unwrap();
    assert!(matches!(first, News { answer: Answer::Alive(_), at_ms: Some(0) }));
    server.authority(TOKEN).end(EndedBecause::SignedOut).await;
    let next = tokio::time::timeout(patience, heard.recv()).await.unwrap().unwrap();
    assert_eq!(next.answer, Answer::Gone(EndedBecause::SignedOut));
    assert_eq!(tokio::time::timeout(patience, heard.recv()).await.unwrap(), None, "it is over");
}

#[tokio::test]
async fn a_token_that_nobody_knows_is_gone_on_every_way() {
    let server = Server::start().await;
    let stranger = server.authority("another-token-of-some-length");
    assert_eq!(stranger.ask().await, Answer::Gone(EndedBecause::Revoked));
    let (say, mut heard) = mpsc::unbounded_channel();
    stranger.listen(&|news| drop(say.send(news))).await;
    let refused = heard.recv().await.map(|news| news.answer);
    assert_eq!(refused, Some(Answer::Gone(EndedBecause::Revoked)));
    stranger.set_token(TOKEN.to_owned());
    assert!(matches!(stranger.ask().await, Answer::Alive(_)), "it was refreshed");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_no_end() {
    let authority = Authority::new(reqwest::Client::new(), "http://127.0.0.1:9", TOKEN.to_owned());
    assert_eq!(authority.ask().await, Answer::Unreachable { retry_after_ms: None });
    assert_eq!(authority.send(report(0)).await, Answer::Unreachable { retry_after_ms: None });
    authority.listen(&|_| panic!("nothing comes")).await;
}
