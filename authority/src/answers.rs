//! What is done with every request and its answer: the span of its log lines, the form of its error, the
//! count of it.

use std::convert::Infallible;

use axum::{
    extract::{MatchedPath, Request},
    http::Method,
    response::{IntoResponse, Response},
};
use tower::{Service, service_fn};
use tracing::{Instrument as _, Span};

use crate::{metrics, problem, routes::genesys, state::AppState};

/// Gives log lines the span of their request, errors the form of the face that was called, and counts what
/// was answered.
///
/// A service and not a function of [`axum::middleware`]: that one boxes and clones all that it wraps for
/// each request.
pub(crate) fn answers<S>(
    mut inner: S,
    state: AppState,
) -> impl Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + Sync
where
    S: Service<Request, Error = Infallible, Response: IntoResponse, Future: Send>
        + Clone
        + Send
        + Sync,
{
    service_fn(move |request: Request| {
        let span = span(&request);
        let (method, route) = (method(request.method()), route(&request).to_owned());
        let genesys = genesys::answers(request.uri().path());
        let genesys = genesys.then(|| genesys::error::begin(&span));
        let state = state.clone();
        // What a router is made of is ready whenever it is called.
        let answering = span.in_scope(|| inner.call(request));
        let answered = async move {
            let response = answering.await?.into_response();
            let response = match genesys {
                Some(id) => genesys::error::normalize(&id, response),
                None => problem::normalize(response),
            };
            let status = response.status().as_u16();
            state
                .metrics()
                .requests
                .get_or_create(&metrics::Request { method, route, status })
                .inc();
            Ok(response)
        };
        answered.instrument(span)
    })
}

/// Paths and queries stay out of the log: they can name users and carry tokens.
fn span(request: &Request) -> Span {
    // The calls under /api/v2 carry the id that their answers do.
    let context_id = tracing::field::Empty;
    let (method, route) = (method(request.method()), route(request));
    tracing::info_span!("request", method, route, context_id)
}

fn route(request: &Request) -> &str {
    request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str)
}

/// Anybody can invent methods, and each would be a new label.
pub(crate) fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
