//! The calls of a token's holder.

use axum::{
    Json,
    body::Bytes,
    extract::{State, rejection::JsonRejection},
    http::StatusCode,
};
use stillhere::core::ended::EndedBecause;

use crate::{
    bearer::Bearer,
    problem::Problem,
    report::Report,
    session::ENDS,
    state::AppState,
    wire::{EndBody, StateBody},
};

/// Says when the user was last active
///
/// The newest activity is max(known, now - `age_ms`), so late and repeated reports change nothing
/// and an `age_ms` past the timeout revives nothing.
#[utoipa::path(
    post, path = "/v1/keepalive", tag = "session", security(("token" = [])),
    request_body = Report,
    responses(
        (status = 200, description = "The state after the report", body = StateBody),
        (status = 400, description = "The request cannot be read", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The token is gone", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "Over 16 KiB", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A field is missing or out of its range", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn keep_alive(
    State(state): State<AppState>,
    bearer: Bearer,
    report: Result<Json<Report>, JsonRejection>,
) -> Result<Json<StateBody>, Problem> {
    let Json(report) = report?;
    report.check().map_err(|why| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, why))?;
    let (now, policy) = state.with(&bearer, || state.touch(&bearer.key, &report)).await?;
    Ok(Json(StateBody::new(now, &policy)))
}

/// Asks where the token stands; extends nothing
#[utoipa::path(
    get, path = "/v1/session", tag = "session", security(("token" = [])),
    responses(
        (status = 200, description = "The state", body = StateBody),
        (status = 400, description = "The request cannot be read", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The token is gone", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn ask(
    State(state): State<AppState>,
    bearer: Bearer,
) -> Result<Json<StateBody>, Problem> {
    let (now, policy) = state.with(&bearer, || state.look(&bearer.key)).await?;
    state.metrics().questions.inc();
    Ok(Json(StateBody::new(now, &policy)))
}

/// Ends the token
#[utoipa::path(
    delete, path = "/v1/session", tag = "session", security(("token" = [])),
    request_body = Option<EndBody>,
    responses(
        (status = 200, description = "It ended now: the state", body = StateBody),
        (status = 400, description = "The request cannot be read", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "It was over already", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "No such reason", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn end(
    State(state): State<AppState>,
    bearer: Bearer,
    body: Bytes,
) -> Result<Json<StateBody>, Problem> {
    let because = because(&body)?;
    let (now, policy) = state.with(&bearer, || state.end(&bearer.key, because)).await?;
    Ok(Json(StateBody::new(now, &policy)))
}

/// The body is optional, and so is its content type: pages that go away send what they can.
fn because(body: &[u8]) -> Result<EndedBecause, Problem> {
    if body.is_empty() {
        return Ok(EndedBecause::SignedOut);
    }
    let Json(EndBody { because }) = Json::from_bytes(body)?;
    let Some(because) = because else { return Ok(EndedBecause::SignedOut) };
    EndedBecause::parse(&because).filter(|because| ENDS.contains(because)).ok_or_else(|| {
        let detail = "because must be idle, schedule, revoked or signed-out.";
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    })
}
