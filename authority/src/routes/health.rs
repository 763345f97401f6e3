//! What the platform around the authority asks.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};

use crate::{problem::Problem, state::AppState};

/// Load balancers take nothing but 200 for health unless told otherwise.
const OK: &str = "ok\n";

/// The process lives
#[utoipa::path(
    get, path = "/healthz", tag = "operations",
    responses((status = 200, description = "It does", body = String)),
)]
pub(super) async fn healthz() -> &'static str {
    OK
}

/// New requests are welcome
#[utoipa::path(
    get, path = "/readyz", tag = "operations",
    responses(
        (status = 200, description = "They are", body = String),
        (status = 503, description = "It is shutting down, or its store does not answer", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn readyz(State(state): State<AppState>) -> Result<&'static str, Problem> {
    if state.stopping().is_cancelled() {
        let detail = "The authority is shutting down: ask another instance.";
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail));
    }
    state.store().ready().await?;
    Ok(OK)
}

/// Metrics in Prometheus' text format
#[utoipa::path(
    get, path = "/metrics", tag = "operations",
    responses((status = 200, description = "The metrics", body = String, content_type = "application/openmetrics-text")),
)]
pub(super) async fn metrics(State(state): State<AppState>) -> Result<impl IntoResponse, Problem> {
    let text = state.metrics().render().map_err(|_| {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "The metrics could not be written.")
    })?;
    let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, media_type)], text))
}
