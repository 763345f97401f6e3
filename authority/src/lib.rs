//! The authority: the server that holds the truth about each token's idle time.
//!
//! - [`session`] is the rule of one token. Pure, in a crate of its own; start reading there.
//! - `registration` says how a token begins, `sessions` applies the rule to what a [`store`] keeps and
//!   carries out what follows.
//! - [`policy`] says what applies to whom; `govern` is what administrators do with it.
//! - [`notices`] tell the outside when a session ended.
//! - [`traces`] sends spans of requests to a collector, where one is set.
//! - `routes` is the face over HTTP; `keeper` ends tokens on time even if nobody asks.
//!
//! Clock, store, listener and shutdown are arguments: a test runs a whole server on a
//! [`clock::ManualClock`] and never sleeps.

pub mod admins;
mod admission;
mod answers;
pub mod bearer;
pub mod calls;
pub mod cli;
pub mod clock;
pub mod config;
pub mod cors;
pub mod demo;
mod explain;
mod govern;
mod http_client;
mod hub;
pub mod issuers;
mod journal;
mod keeper;
mod limits;
mod metrics;
pub mod notices;
pub mod options;
pub mod policy;
pub mod problem;
mod registration;
mod routes;
mod secret;
mod sessions;
pub mod state;
pub mod store;
pub mod traces;
pub mod wire;

use std::{future::Future, io, net::SocketAddr, time::Duration};

use axum::{
    Json, Router,
    body::Body,
    http::{HeaderValue, StatusCode, header},
    middleware,
    routing::get,
    serve::ListenerExt,
};
use tokio::net::TcpListener;
use tower::{ServiceBuilder, layer::layer_fn};
use tower_http::{
    limit::RequestBodyLimitLayer, map_response_body::MapResponseBodyLayer,
    set_header::SetResponseHeaderLayer, timeout::TimeoutLayer,
};

pub use state::{AppState, Settings};
pub use stillhere_session::{report, session};

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
/// Largest request body in bytes.
const MAX_BODY: usize = 16 * 1024;
/// Longest time that a request may take to arrive and be answered; streams only have to begin.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Milliseconds that requests in flight have to finish after the shutdown began.
const SHUTDOWN_MS: u64 = 10_000;

/// All routes of one server. Deadlines are enforced without being asked only by [`run`].
pub fn app(state: AppState) -> Router {
    let (mut router, document) = routes::routes().split_for_parts();
    router = router.route("/openapi.json", get(move || async move { Json(document) }));
    if let Some(www) = &state.settings().www {
        router = demo::add(router, www, state.settings().dist.as_deref());
    }
    let answering = state.clone();
    // One stack, since a router boxes and clones each of its layers for each request.
    let stack = ServiceBuilder::new()
        .layer(layer_fn(move |inner| answers::answers(inner, answering.clone())))
        .layer(cors::layer(state.settings()))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, REQUEST_TIMEOUT))
        // A state is old the moment it is sent.
        .layer(SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, NO_STORE))
        .layer(MapResponseBodyLayer::new(Body::new))
        .layer(RequestBodyLimitLayer::new(MAX_BODY));
    router = router.layer(stack);
    if let Some(traces) = state.traces() {
        router = router.layer(middleware::from_fn_with_state(traces.tracer(), traces::span));
    }
    router.with_state(state)
}

/// Serves until `shutdown` completes. Event streams are closed then, and requests in flight have
/// 10 seconds to finish.
///
/// # Errors
/// When the listener fails.
pub async fn run(
    listener: TcpListener,
    state: AppState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let enforcing = tokio::spawn(keeper::enforce(state.clone()));
    let listening = tokio::spawn(keeper::listen(state.clone()));
    let tidying = tokio::spawn(keeper::tidy(state.clone()));
    let mut telling = notices::start(&state).await;
    let stopping = state.stopping().clone();
    // Small answers must not wait for more to come.
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    let signal = async move {
        shutdown.await;
        stopping.cancel();
    };
    // Limits of strangers go by where they call from.
    let service = app(state.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, service).with_graceful_shutdown(signal);
    let too_long = async {
        state.stopping().cancelled().await;
        state.sleep_until(state.now_ms().saturating_add(SHUTDOWN_MS)).await;
    };
    let serving = async {
        let result = server.into_future().await;
        // What is being sent may still be acknowledged, and is not sent again then.
        while state.stopping().is_cancelled() && telling.join_next().await.is_some() {}
        result
    };
    let result = tokio::select! {
        result = serving => result,
        () = too_long => {
            tracing::warn!("requests or notices were in flight 10 s after the shutdown began");
            Ok(())
        }
    };
    enforcing.abort();
    listening.abort();
    tidying.abort();
    if let Err(error) = state.store().flush().await {
        tracing::error!(%error, "what came last may not be kept");
    }
    if let Some(traces) = state.traces() {
        traces.stop().await;
    }
    result
}
