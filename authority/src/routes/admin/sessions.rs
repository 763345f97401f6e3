//! Live sessions: who is signed in, what keeps them, and how to end them.

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde::Deserialize;
use stillhere::core::ended::EndedBecause;
use utoipa::IntoParams;

use super::{export, unprocessable};
use crate::{
    admins::{Admin, Scope},
    explain::why_alive,
    journal::seen,
    policy::InForce,
    problem::{ForAdmins, Problem},
    sessions::Gone,
    state::AppState,
    store::{Key, Record, StoreError, Whose},
    wire::{CallBody, EndedCountBody, HoldBody, SessionBody, SessionsBody, rfc3339, standing_name},
};

/// Sessions of one answer where nothing else is asked for.
const PAGE: usize = 1000;
/// The most that can be asked for.
const MAX_PAGE: usize = 10_000;

/// Which sessions are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Only those of this user.
    user: Option<String>,
    /// Only those whose id comes after this one: the `next` of the answer before.
    after: Option<String>,
    /// At most so many, 1 to 10,000; 1,000 without it.
    #[param(minimum = 1, maximum = 10_000)]
    limit: Option<usize>,
}

/// Lists live sessions, by id
///
/// JSON, or CSV where `Accept` asks for `text/csv`.
#[utoipa::path(
    get, path = "/v1/admin/sessions", tag = "admin", security(("admin" = [])), params(Wanted),
    responses(
        (status = 200, description = "The live sessions", body = SessionsBody),
        ForAdmins,
        (status = 422, description = "A parameter is unknown or out of its range", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn sessions(
    State(state): State<AppState>,
    admin: Admin,
    headers: HeaderMap,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, Problem> {
    admin.may(Scope::SessionsRead)?;
    let Query(Wanted { user, after, limit }) = wanted?;
    let limit = limit.unwrap_or(PAGE);
    if !(1..=MAX_PAGE).contains(&limit) {
        return Err(unprocessable(format!("limit must be between 1 and {MAX_PAGE}.")));
    }
    let mut keys =
        state.store().find(user.as_deref().map_or(Whose::Everybody, Whose::User)).await?;
    if let Some(after) = &after {
        let after = Key::from_id(after);
        let after = after.ok_or_else(|| unprocessable("after must be the id of a session."))?;
        keys.retain(|key| *key > after);
    }
    keys.sort_unstable();
    let mut body = SessionsBody { sessions: Vec::new(), next: None };
    for key in keys {
        if body.sessions.len() == limit {
            body.next = body.sessions.last().map(|session: &SessionBody| session.id.clone());
            break;
        }
        body.sessions.extend(read(&state, &key).await?);
    }
    export::answer(&headers, body.sessions.iter(), &body)
}

/// One session, and what keeps it alive
#[utoipa::path(
    get, path = "/v1/admin/sessions/{id}", tag = "admin", security(("admin" = [])),
    params(("id" = String, Path, description = "First 22 characters of base64url(SHA-256(token))")),
    responses(
        (status = 200, description = "The session", body = SessionBody),
        ForAdmins,
        (status = 404, description = "No such live session", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn session(
    State(state): State<AppState>,
    admin: Admin,
    Path(id): Path<String>,
) -> Result<Json<SessionBody>, Problem> {
    admin.may(Scope::SessionsRead)?;
    let key = Key::from_id(&id).ok_or_else(none_of_that_id)?;
    read(&state, &key).await?.map(Json).ok_or_else(none_of_that_id)
}

async fn read(state: &AppState, key: &Key) -> Result<Option<SessionBody>, StoreError> {
    let policies = state.policies();
    let read = state.read(key, |record, now, in_force| {
        let owner = &record.owner;
        let why = policies.explain(&owner.user, &owner.groups, |values, _| {
            why_alive(record, now, in_force, values.idle_timeout_ms.source)
        });
        why.map(|why| body(key, record, now, in_force, why))
    });
    Ok(read.await?.flatten())
}

fn body(key: &Key, record: &Record, now: u64, in_force: &InForce, why: String) -> SessionBody {
    let session = &record.session;
    let state = session.state(now, in_force.terms());
    let hold = |hold: &crate::session::Hold| HoldBody {
        id: hold.id.clone(),
        reason: hold.reason.clone(),
        expires_in_ms: hold.expires_at.saturating_sub(now),
    };
    let call = |call: &crate::calls::Call| CallBody {
        what: call.what.clone(),
        age_ms: now.saturating_sub(call.at),
        counted: call.counted,
    };
    SessionBody {
        id: key.id(),
        user: record.owner.user.clone(),
        sign_in: record.owner.sign_in.clone(),
        groups: record.owner.groups.clone(),
        state: standing_name(state.standing),
        began_at: rfc3339(session.began_at()),
        idle_ms: state.idle_ms,
        remaining_ms: state.remaining_ms,
        idle_timeout_ms: in_force.policy.idle_timeout_ms,
        why,
        counts: session.counts(),
        newest: seen(&session.newest()),
        calls: record.calls.iter().map(call).collect(),
        contexts: session.contexts(),
        holds: session.holds(now).map(hold).collect(),
        keepalives: record.keepalives,
        agent: record.agent.clone(),
    }
}

/// Revokes one session
#[utoipa::path(
    delete, path = "/v1/admin/sessions/{id}", tag = "admin", security(("admin" = [])),
    params(("id" = String, Path, description = "First 22 characters of base64url(SHA-256(token))")),
    responses(
        (status = 204, description = "It is over, now or before"),
        ForAdmins,
        (status = 404, description = "No such session", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn revoke(
    State(state): State<AppState>,
    admin: Admin,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    admin.may(Scope::SessionsEnd)?;
    let key = Key::from_id(&id).ok_or_else(none_of_that_id)?;
    state.audit(&admin.name, "session.revoke", id).await?;
    match state.end(&key, EndedBecause::Revoked).await {
        Ok(_) | Err(Gone::Ended(_)) => Ok(StatusCode::NO_CONTENT),
        Err(Gone::Unknown) => Err(none_of_that_id()),
        Err(Gone::Store(error)) => Err(error.into()),
    }
}

/// Logs a user off: revokes all sessions, and no sign-in of theirs is taken up again
#[utoipa::path(
    delete, path = "/v1/admin/users/{user}/sessions", tag = "admin", security(("admin" = [])),
    params(("user" = String, Path, description = "The user's name, as registered")),
    responses(
        (status = 200, description = "How many lived until now", body = EndedCountBody),
        ForAdmins,
    ),
)]
pub(crate) async fn log_off(
    State(state): State<AppState>,
    admin: Admin,
    Path(user): Path<String>,
) -> Result<Json<EndedCountBody>, Problem> {
    admin.may(Scope::SessionsEnd)?;
    state.audit(&admin.name, "user.log-off", user.clone()).await?;
    Ok(Json(EndedCountBody { ended: state.log_off(&user).await? }))
}

fn none_of_that_id() -> Problem {
    let detail = "There is no session of that id: GET /v1/admin/sessions lists the live ones.";
    Problem::new(StatusCode::NOT_FOUND, detail)
}

/// What a row of the export says of a session.
impl export::Row for &SessionBody {
    const HEADER: &'static [&'static str] = &[
        "id",
        "user",
        "sign_in",
        "groups",
        "state",
        "began_at",
        "idle_ms",
        "remaining_ms",
        "idle_timeout_ms",
        "why",
        "keystrokes",
        "clicks",
        "heartbeats",
        "notes",
        "system",
        "holds",
        "contexts",
        "agent",
    ];

    fn cells(&self) -> Vec<String> {
        let standing_holds = self.holds.iter().map(|hold| hold.reason.as_str());
        vec![
            self.id.clone(),
            self.user.clone(),
            self.sign_in.clone().unwrap_or_default(),
            self.groups.join(" "),
            self.state.to_owned(),
            self.began_at.clone(),
            self.idle_ms.to_string(),
            self.remaining_ms.map(|ms| ms.to_string()).unwrap_or_default(),
            self.idle_timeout_ms.to_string(),
            self.why.clone(),
            self.counts.keystrokes.to_string(),
            self.counts.clicks.to_string(),
            self.counts.heartbeats.to_string(),
            self.counts.notes.to_string(),
            self.counts.system.to_string(),
            standing_holds.collect::<Vec<_>>().join(" "),
            self.contexts.to_string(),
            self.agent.clone(),
        ]
    }
}
