//! What the outside could not be told.

use axum::{
    Json,
    extract::{Path, Query, State, rejection::PathRejection, rejection::QueryRejection},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    export,
    logs::{Numbered, Wanted, read},
};
use crate::{
    admins::{Admin, Scope},
    notices::dead_letters::{self, DeadLetterLine, Retried},
    problem::{ForAdmins, Problem},
    state::AppState,
    store::Log,
};

/// Dead letters, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeadLettersBody {
    dead_letters: Vec<Numbered<DeadLetterLine>>,
    /// What to send as `before` for older ones. Missing at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
}

/// What became of a dead letter.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RetriedBody {
    /// Whether the receiver has it now.
    delivered: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Ends of which a receiver could not be told, and why
///
/// JSON, or CSV where `Accept` asks for `text/csv`. The newest 100,000 are kept.
#[utoipa::path(
    get, path = "/v1/admin/dead-letters", tag = "notices", security(("admin" = [])), params(Wanted),
    responses(
        (status = 200, description = "The newest first", body = DeadLettersBody),
        ForAdmins,
        (status = 422, description = "A parameter is unknown or out of its range", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn dead_letters(
    State(state): State<AppState>,
    admin: Admin,
    headers: HeaderMap,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, Problem> {
    let (dead_letters, next) = read(&state, &admin, Log::DeadLetters, wanted?.0).await?;
    let body = DeadLettersBody { dead_letters, next };
    export::answer(&headers, body.dead_letters.iter(), &body)
}

/// Tries a dead letter once more, now
///
/// The message has the name that it had before, so that the receiver can drop a repeat. The dead
/// letter stays in the log.
#[utoipa::path(
    post, path = "/v1/admin/dead-letters/{number}/retry", tag = "notices", security(("admin" = [])),
    params(("number" = u64, Path, description = "The number of the dead letter")),
    responses(
        (status = 200, description = "It was tried", body = RetriedBody),
        ForAdmins,
        (status = 404, description = "There is no such dead letter", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Its receiver is not configured any more", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn retry(
    State(state): State<AppState>,
    admin: Admin,
    number: Result<Path<u64>, PathRejection>,
) -> Result<Json<RetriedBody>, Problem> {
    admin.may(Scope::SessionsEnd)?;
    let unknown = || Problem::new(StatusCode::NOT_FOUND, "There is no dead letter of that number.");
    let Path(number) = number.map_err(|_| unknown())?;
    let error = match dead_letters::retry(&state, number).await? {
        Retried::Delivered => None,
        Retried::Failed(why) => Some(why),
        Retried::Unknown => return Err(unknown()),
        Retried::NoReceiver(name) => {
            let why = format!("There is no receiver {name} any more: configure it first.");
            return Err(Problem::new(StatusCode::CONFLICT, why));
        }
    };
    state.audit(&admin.name, "dead-letter.retry", number.to_string()).await?;
    Ok(Json(RetriedBody { delivered: error.is_none(), error }))
}

impl export::Row for &Numbered<DeadLetterLine> {
    const HEADER: &'static [&'static str] = &[
        "number", "at", "receiver", "line", "attempts", "error", "ended_at", "id", "user",
        "sign_in", "because",
    ];

    fn cells(&self) -> Vec<String> {
        let (line, end) = (&self.line, &self.line.end);
        vec![
            self.number.to_string(),
            line.at.clone(),
            line.receiver.clone(),
            line.line.to_string(),
            line.attempts.to_string(),
            line.error.clone(),
            end.at.clone(),
            end.id.clone(),
            end.user.clone(),
            end.sign_in.clone().unwrap_or_default(),
            end.because.clone(),
        ]
    }
}
