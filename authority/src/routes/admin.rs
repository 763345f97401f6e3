//! The administrator's calls.

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection},
    http::StatusCode,
};
use stillhere::core::{ended::EndedBecause, policy::Policy};

use crate::{
    bearer::{Admin, MAX_TOKEN, MIN_TOKEN, is_b64token},
    problem::Problem,
    session::Standing,
    state::{AppState, Gone},
    store::{Key, Owner, Record, StoreError},
    wire::{
        EndedCountBody, HoldBody, RegisterBody, SessionBody, SessionsBody, StateBody, standing_name,
    },
};

/// Characters in the name of a user, a sign-in or a group.
const MAX_NAME: usize = 256;
/// Groups of one user.
const MAX_GROUPS: usize = 64;

/// Registers a token that was issued elsewhere
#[utoipa::path(
    post, path = "/v1/sessions", tag = "admin", security(("admin" = [])),
    request_body = RegisterBody,
    responses(
        (status = 201, description = "The state it begins with", body = StateBody),
        (status = 400, description = "The request cannot be read", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "Not the administrator", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The token is known already, alive or ended", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "Over 16 KiB", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A field is missing or out of its range", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn register(
    State(state): State<AppState>,
    _: Admin,
    body: Result<Json<RegisterBody>, JsonRejection>,
) -> Result<(StatusCode, Json<StateBody>), Problem> {
    let Json(body) = body?;
    check(&body).map_err(|why| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, why))?;
    let owner = Owner { user: body.user, sign_in: body.sign_in, groups: body.groups };
    let Some((now, policy)) = state.register(&body.token, owner).await? else {
        let detail = "This token is known already, alive or ended: issue a new one.";
        return Err(Problem::new(StatusCode::CONFLICT, detail));
    };
    Ok((StatusCode::CREATED, Json(StateBody::new(now, &policy))))
}

fn check(body: &RegisterBody) -> Result<(), String> {
    if !(MIN_TOKEN..=MAX_TOKEN).contains(&body.token.len()) || !is_b64token(&body.token) {
        return Err(format!(
            "token must have {MIN_TOKEN} to {MAX_TOKEN} characters: letters, digits and -._~+/, \
             with = at the end only."
        ));
    }
    name("user", &body.user)?;
    body.sign_in.iter().try_for_each(|sign_in| name("sign_in", sign_in))?;
    if body.groups.len() > MAX_GROUPS {
        return Err(format!("groups must name at most {MAX_GROUPS} groups."));
    }
    body.groups.iter().try_for_each(|group| name("groups[]", group))
}

fn name(field: &str, value: &str) -> Result<(), String> {
    if (1..=MAX_NAME).contains(&value.chars().count()) {
        Ok(())
    } else {
        Err(format!("{field} must have 1 to {MAX_NAME} characters."))
    }
}

/// Lists all live sessions
#[utoipa::path(
    get, path = "/v1/admin/sessions", tag = "admin", security(("admin" = [])),
    responses(
        (status = 200, description = "The live sessions, in no order", body = SessionsBody),
        (status = 401, description = "Not the administrator", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn sessions(
    State(state): State<AppState>,
    _: Admin,
) -> Result<Json<SessionsBody>, Problem> {
    let mut sessions = Vec::new();
    for key in state.keys(&|_, record| record.session.ended().is_none()).await? {
        let id = key.id();
        let read = |record: &Record, now, policy: &Policy| session(id.clone(), record, now, policy);
        sessions.extend(state.read(&key, read).await?.flatten());
    }
    Ok(Json(SessionsBody { sessions }))
}

fn session(id: String, record: &Record, now: u64, policy: &Policy) -> Option<SessionBody> {
    let state = record.session.state(now, policy);
    if matches!(state.standing, Standing::Ended(_)) {
        return None;
    }
    let hold = |hold: &crate::session::Hold| HoldBody {
        id: hold.id.clone(),
        reason: hold.reason.clone(),
        expires_in_ms: hold.expires_at.saturating_sub(now),
    };
    Some(SessionBody {
        id,
        user: record.owner.user.clone(),
        sign_in: record.owner.sign_in.clone(),
        state: standing_name(state.standing),
        idle_ms: state.idle_ms,
        remaining_ms: state.remaining_ms,
        counts: record.session.counts(),
        contexts: record.session.contexts(),
        holds: record.session.holds(now).map(hold).collect(),
        keepalives: record.keepalives,
        agent: record.agent.clone(),
    })
}

/// Revokes one session
#[utoipa::path(
    delete, path = "/v1/admin/sessions/{id}", tag = "admin", security(("admin" = [])),
    params(("id" = String, Path, description = "First 22 characters of base64url(SHA-256(token))")),
    responses(
        (status = 204, description = "It is over, now or before"),
        (status = 401, description = "Not the administrator", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such session", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn revoke(
    State(state): State<AppState>,
    _: Admin,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let keys = state.keys(&|key, _| key.id() == id).await?;
    if keys.is_empty() {
        let detail = "There is no session of that id: GET /v1/admin/sessions lists the live ones.";
        return Err(Problem::new(StatusCode::NOT_FOUND, detail));
    }
    end_all(&state, &keys).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Revokes all sessions of a user
#[utoipa::path(
    delete, path = "/v1/admin/users/{user}/sessions", tag = "admin", security(("admin" = [])),
    params(("user" = String, Path, description = "The user's name, as registered")),
    responses(
        (status = 200, description = "How many lived until now", body = EndedCountBody),
        (status = 401, description = "Not the administrator", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn revoke_user(
    State(state): State<AppState>,
    _: Admin,
    Path(user): Path<String>,
) -> Result<Json<EndedCountBody>, Problem> {
    let keys = state.keys(&|_, record| record.owner.user == user).await?;
    Ok(Json(EndedCountBody { ended: end_all(&state, &keys).await? }))
}

async fn end_all(state: &AppState, keys: &[Key]) -> Result<usize, StoreError> {
    let mut ended = 0;
    for key in keys {
        match state.end(key, EndedBecause::Revoked).await {
            Ok(_) => ended += 1,
            Err(Gone::Ended(_) | Gone::Unknown) => {}
            Err(Gone::Store(error)) => return Err(error),
        }
    }
    Ok(ended)
}
