//! The event stream of a token.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    http::StatusCode,
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use futures_util::Stream;
use prometheus_client::metrics::gauge::Gauge;
use serde::Serialize;
use serde_json::json;
use stillhere::core::policy::Policy;
use tokio::sync::watch;

use crate::{
    bearer::Bearer,
    hub::{Change, Subscription},
    problem::Problem,
    session,
    sessions::Gone,
    state::AppState,
    store::Key,
    wire::{PolicyBody, StateBody},
};

/// Least time between two states that tell of activity, in milliseconds: agents promise a deadline that
/// is in step to a second.
const PAUSE_MS: u64 = 1000;

/// Server-sent events: `state`, `policy`, `ended`
///
/// `state` (a StateBody) at once, when a hold begins or ends and, where the token has more than one
/// stream open on this node, when somebody was active, at most once a second; `policy` (a PolicyBody)
/// when the policy changes; `ended` (`{"state":"ended","because":…}`), after which the stream closes.
/// Each carries `at_ms`: how many milliseconds after the request for the stream it was true at the
/// earliest, so that whoever reads it late can see that.
#[utoipa::path(
    get, path = "/v1/events", tag = "session", security(("token" = [])),
    responses(
        (status = 200, description = "The stream", body = String, content_type = "text/event-stream"),
        (status = 400, description = "The request cannot be read", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The token is gone", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many streams of this token", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn events(
    State(state): State<AppState>,
    bearer: Bearer,
) -> Result<Response, Problem> {
    let since = state.now_ms();
    // Look once before anything is kept for the token: strangers must not cost memory.
    let key = bearer.key;
    let user = state.with(&bearer, || state.whose(&key)).await?;
    let heard = state.subscribe(key, &user).ok_or_else(|| {
        let detail = "This token has 64 event streams open: close one.";
        Problem::new(StatusCode::TOO_MANY_REQUESTS, detail)
    })?;
    let told = state.told();
    // And once more now that changes are heard, so that none falls in between.
    let now = state.now_ms();
    let first = (now, state.look(&key).await?);
    let open = OpenStream::new(state.metrics().event_streams.clone());
    let ping = state.settings().event_ping_ms;
    let stream = Sse::new(follow(state, key, since, first, heard, told, open));
    // Nginx would hold events back until its buffer is full. Pages leave it to these answers that no cache
    // keeps them (docs/decisions/preflights.md).
    let headers = [("x-accel-buffering", "no"), ("cache-control", "no-store")];
    Ok(if ping == 0 {
        (headers, stream).into_response()
    } else {
        let ping = KeepAlive::new().interval(Duration::from_millis(ping)).text("ping");
        (headers, stream.keep_alive(ping)).into_response()
    })
}

fn follow(
    state: AppState,
    key: Key,
    since: u64,
    (mut said_at, first): (u64, (session::State, Policy)),
    mut heard: Subscription,
    mut told: watch::Receiver<u64>,
    open: OpenStream,
) -> impl Stream<Item = Result<Event, Infallible>> {
    async_stream::stream! {
        let _open = open;
        let mut policy = first.1;
        yield Ok(event("state", said_at.saturating_sub(since), &StateBody::new(first.0, &policy)));
        // Somebody was active, and this stream was not told yet.
        let mut stirred = false;
        loop {
            let stands = tokio::select! {
                // An end outranks a policy, and both the shutdown.
                biased;
                change = heard.changed() => {
                    if change == Change::Activity {
                        stirred = true;
                        continue;
                    }
                    true
                }
                Ok(()) = told.changed() => false,
                () = state.stopping().cancelled() => return,
                () = state.sleep_until(said_at.saturating_add(PAUSE_MS)), if stirred => true,
            };
            // Before the look: what it finds is true then or later.
            let now = state.now_ms();
            let at_ms = now.saturating_sub(since);
            let (stand, known) = match state.look(&key).await {
                Ok(looked) => looked,
                Err(Gone::Ended(because)) => {
                    let ended = json!({ "state": "ended", "because": because.name() });
                    yield Ok(event("ended", at_ms, &ended));
                    return;
                }
                // The agent asks again, or learns it from its next keep-alive.
                Err(Gone::Unknown | Gone::Store(_)) => return,
            };
            let other = Policy { version: known.version, ..policy.clone() } != known;
            policy = known;
            if other {
                yield Ok(event("policy", at_ms, &PolicyBody::from(&policy)));
            }
            if stands {
                (said_at, stirred) = (now, false);
                yield Ok(event("state", at_ms, &StateBody::new(stand, &policy)));
            }
        }
    }
}

/// What an event says, and when that was so.
#[derive(Serialize)]
struct Told<'a, T> {
    /// Milliseconds from the request for the stream to the earliest moment at which it was so.
    at_ms: u64,
    #[serde(flatten)]
    what: &'a T,
}

fn event(name: &str, at_ms: u64, what: &impl Serialize) -> Event {
    // Bodies of strings and integers always serialize; an empty event would be ignored.
    Event::default().event(name).json_data(Told { at_ms, what }).unwrap_or_default()
}

/// Counts a stream as long as it is open.
struct OpenStream(Gauge);

impl OpenStream {
    fn new(gauge: Gauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.dec();
    }
}
