//! The event stream of a token.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    http::StatusCode,
    response::{
        IntoResponse, Sse,
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
    hub::Subscription,
    problem::Problem,
    session,
    sessions::Gone,
    state::AppState,
    store::Key,
    wire::{PolicyBody, StateBody},
};

/// Time between two comments on a silent stream: proxies cut what is silent for longer.
const PING: Duration = Duration::from_secs(20);

/// Server-sent events: `state`, `policy`, `ended`
///
/// `state` (a StateBody) at once, and when a hold begins or ends; `policy` (a PolicyBody) when the
/// policy changes; `ended` (`{"state":"ended","because":…}`), after which the stream closes. A
/// keep-alive sends nothing.
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
) -> Result<impl IntoResponse, Problem> {
    // Look once before anything is kept for the token: strangers must not cost memory.
    let key = bearer.key;
    let user = state.with(&bearer, || state.whose(&key)).await?;
    let heard = state.subscribe(key, &user).ok_or_else(|| {
        let detail = "This token has 64 event streams open: close one.";
        Problem::new(StatusCode::TOO_MANY_REQUESTS, detail)
    })?;
    let told = state.told();
    // And once more now that changes are heard, so that none falls in between.
    let first = state.look(&key).await?;
    let open = OpenStream::new(state.metrics().event_streams.clone());
    let stream = follow(state, key, first, heard, told, open);
    let ping = KeepAlive::new().interval(PING).text("ping");
    // Nginx would hold events back until its buffer is full.
    Ok(([("x-accel-buffering", "no")], Sse::new(stream).keep_alive(ping)))
}

fn follow(
    state: AppState,
    key: Key,
    first: (session::State, Policy),
    mut heard: Subscription,
    mut told: watch::Receiver<u64>,
    open: OpenStream,
) -> impl Stream<Item = Result<Event, Infallible>> {
    async_stream::stream! {
        let _open = open;
        let mut policy = first.1;
        yield Ok(event("state", &StateBody::new(first.0, &policy)));
        loop {
            let stands = tokio::select! {
                // An end outranks a policy, and both the shutdown.
                biased;
                () = heard.changed() => true,
                Ok(()) = told.changed() => false,
                () = state.stopping().cancelled() => return,
            };
            let (now, known) = match state.look(&key).await {
                Ok(looked) => looked,
                Err(Gone::Ended(because)) => {
                    let ended = json!({ "state": "ended", "because": because.name() });
                    yield Ok(event("ended", &ended));
                    return;
                }
                // The agent asks again, or learns it from its next keep-alive.
                Err(Gone::Unknown | Gone::Store(_)) => return,
            };
            let other = Policy { version: known.version, ..policy.clone() } != known;
            policy = known;
            if other {
                yield Ok(event("policy", &PolicyBody::from(&policy)));
            }
            if stands {
                yield Ok(event("state", &StateBody::new(now, &policy)));
            }
        }
    }
}

fn event(name: &str, data: &impl Serialize) -> Event {
    // Bodies of strings and integers always serialize; an empty event would be ignored.
    Event::default().event(name).json_data(data).unwrap_or_default()
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
