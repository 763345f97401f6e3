//! Any bodies for the calls that take one, through the whole router: no panic, no 5xx, one problem
//! document for what is refused, and what is refused changes nothing. `fuzz/fuzz_targets` uses
//! this file too.

use std::{cell::RefCell, sync::Arc};

use arbitrary::{Result, Unstructured as Bytes};
use axum::{
    Router,
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use stillhere_authority::{
    AppState, Settings, admins::AdminToken, app, clock::ManualClock, store::memory::MemoryStore,
};
use tokio::runtime::Runtime;
use tower::ServiceExt;

const ADMIN: &str = "administrators-token";
const START_MS: u64 = 1_700_000_000_000;
const TIMEOUT_MS: u64 = 900_000;
/// Runs after which a server is thrown away, with the sessions that it remembers.
const RUNS: u64 = 2000;
/// Calls of one run: more of them say no more and take long.
const CALLS: usize = 8;

/// A server, and a token of its own for each run.
struct World {
    runtime: Runtime,
    router: Router,
    clock: Arc<ManualClock>,
    runs: u64,
}

thread_local! {
    /// Making one takes longer than a run.
    static WORLD: RefCell<Option<World>> = const { RefCell::new(None) };
}

pub fn run(data: &[u8]) {
    WORLD.with_borrow_mut(|known| {
        if known.as_ref().is_some_and(|world| world.runs >= RUNS) {
            *known = None;
        }
        let world = known.get_or_insert_with(World::new);
        world.runs += 1;
        let token = format!("a-token-of-some-length-{}", world.runs);
        // Running out of bytes is the end of a run, not a failure.
        let _ = call_all(world, &token, &mut Bytes::new(data));
        // The administrator's list is read before and after each call, so it is kept short.
        world.call(Method::DELETE, "/v1/session", &token, "");
    });
}

fn call_all(world: &World, token: &str, bytes: &mut Bytes<'_>) -> Result<()> {
    let body = json!({ "token": token, "user": token });
    let (status, _) = world.call(Method::POST, "/v1/sessions", ADMIN, &body.to_string());
    assert_eq!(status, StatusCode::CREATED);
    for _ in 0..CALLS {
        if bytes.is_empty() {
            break;
        }
        world.clock.advance(bytes.int_in_range(0..=200_000)?);
        one_call(world, token, bytes)?;
    }
    Ok(())
}

fn one_call(world: &World, token: &str, bytes: &mut Bytes<'_>) -> Result<()> {
    let (method, path, caller, sound) = match bytes.int_in_range(0..=15)? {
        0 => (Method::DELETE, "/v1/session", token, json!({ "because": "idle" })),
        1..=4 => {
            let body = json!({ "token": token, "user": "u", "sign_in": "s", "groups": ["g"] });
            (Method::POST, "/v1/sessions", ADMIN, body)
        }
        _ => (Method::POST, "/v1/keepalive", token, report(bytes)?),
    };
    let body = body(sound, bytes)?;
    let before = world.look(token);
    let (status, answer) = world.call(method, path, caller, &body);
    assert!(!status.is_server_error(), "{status} for {body}: {answer}");
    let after = world.look(token);
    if !status.is_success() {
        let problem: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(problem["status"], status.as_u16());
        assert_eq!(after, before, "{status}, and yet it changed something: {body}");
        return Ok(());
    }
    if path == "/v1/keepalive" {
        let state: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(before.0, StatusCode::OK, "a dead session took a report");
        let idle = |state: &Value| state["idle_ms"].as_u64().unwrap();
        assert!(idle(&state) <= idle(&before.1), "activity went back: {body}");
        let left = state["remaining_ms"].as_u64().unwrap_or(0);
        assert!(left <= TIMEOUT_MS, "more than the timeout is left: {body}");
    }
    Ok(())
}

/// A report in the ranges that an agent sends, and at their edges.
fn report(bytes: &mut Bytes<'_>) -> Result<Value> {
    let mut number = || -> Result<u64> {
        let edge = 1 << 53;
        Ok(*bytes.choose(&[0, 1, 1_000, 899_999, 900_000, edge, edge + 1, u64::MAX])?)
    };
    let age_ms = number()?;
    let counts = json!({
        "keystrokes": number()?, "clicks": number()?, "heartbeats": 1, "notes": 0,
    });
    let ttl_ms = number()?;
    let holds =
        vec![json!({ "id": "h", "reason": "call", "ttl_ms": ttl_ms }); bytes.int_in_range(0..=2)?];
    Ok(json!({
        "age_ms": age_ms, "counts": counts, "contexts": 2, "holds": holds, "agent": "test/1",
    }))
}

/// That body, one with a value of another kind in it, a damaged one, or anything.
fn body(mut sound: Value, bytes: &mut Bytes<'_>) -> Result<String> {
    let way = bytes.int_in_range(0..=7)?;
    if way < 3 {
        let fields = sound.as_object_mut().map(|body| body.keys().cloned().collect::<Vec<_>>());
        let field = bytes.choose(&fields.unwrap_or_default())?.clone();
        sound[field] = odd(bytes)?;
    }
    let mut text = sound.to_string();
    if way == 3 {
        let at = bytes.choose_index(text.len())?;
        text.truncate(at);
    }
    if way == 4 {
        let length = bytes.int_in_range(0..=200)?.min(bytes.len());
        text = String::from_utf8_lossy(bytes.bytes(length)?).into_owned();
    }
    Ok(text)
}

fn odd(bytes: &mut Bytes<'_>) -> Result<Value> {
    Ok(match bytes.int_in_range(0..=9)? {
        0 => Value::Null,
        1 => json!(-1),
        2 => json!(1.5),
        3 => json!(bytes.arbitrary::<f64>()?),
        4 => json!(bytes.arbitrary::<u64>()?),
        5 => json!(bytes.arbitrary::<String>()?),
        6 => json!("x".repeat(20_000)),
        7 => json!([[], {}]),
        8 => json!(vec![json!({ "id": "i", "reason": "", "ttl_ms": 5 }); 65]),
        _ => json!({ "keystrokes": {} }),
    })
}

impl World {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::new(START_MS));
        let admins = vec![AdminToken::of_all_scopes("administrator", ADMIN)];
        let settings = Settings { admins, ..Settings::default() };
        let opening = AppState::open(settings, clock.clone(), Arc::new(MemoryStore::default()));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let state = runtime.block_on(opening).unwrap();
        Self { runtime, router: app(state), clock, runs: 0 }
    }

    fn call(&self, method: Method, path: &str, token: &str, body: &str) -> (StatusCode, String) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_owned()))
            .unwrap();
        self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let (parts, body) = response.into_parts();
            let bytes = body.collect().await.unwrap().to_bytes();
            (parts.status, String::from_utf8_lossy(&bytes).into_owned())
        })
    }

    /// All that is known of a token: its state, and what administrators see of it.
    fn look(&self, token: &str) -> (StatusCode, Value, Value) {
        let (status, text) = self.call(Method::GET, "/v1/session", token, "");
        let (_, all) = self.call(Method::GET, "/v1/admin/sessions", ADMIN, "");
        let all: Value = serde_json::from_str(&all).unwrap();
        let mine = all["sessions"].as_array().unwrap().iter().find(|each| each["user"] == token);
        (status, serde_json::from_str(&text).unwrap(), mine.cloned().unwrap_or_default())
    }
}
