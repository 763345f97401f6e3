//! Policies: what administrators write, and what it comes to for somebody.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection},
    http::{HeaderMap, StatusCode, header},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{name, unprocessable};
use crate::{
    admins::{Admin, Scope as May},
    policy::{Layer, Scope, Shift},
    problem::{ForAdmins, ForBodies, Problem},
    state::AppState,
    store::Written,
    wire::Object,
};

/// How often a shift is written anew, where somebody else wrote a policy at the same moment. A workforce
/// system may send those of a whole site at once.
const TRIES: u8 = 100;

/// All policies but the users' own.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PoliciesBody {
    /// Grows with each change of any policy.
    version: u64,
    /// What applies to everybody.
    organization: Layer,
    /// What applies to who is registered with a group.
    groups: BTreeMap<String, Layer>,
    /// How many users have a policy of their own.
    users: usize,
}

/// A policy was written.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WrittenBody {
    /// The version of all policies after it.
    version: u64,
}

/// All policies but the users' own
#[utoipa::path(
    get, path = "/v1/admin/policy", tag = "policy", security(("admin" = [])),
    responses(
        (status = 200, description = "The policies; `ETag` is their version", body = PoliciesBody),
        ForAdmins,
    ),
)]
pub(crate) async fn all(
    State(state): State<AppState>,
    admin: Admin,
) -> Result<([(header::HeaderName, String); 1], Json<PoliciesBody>), Problem> {
    admin.may(May::PolicyRead)?;
    let version = state.policies().version();
    let (organization, groups, users) = state.policies().all();
    let etag = [(header::ETAG, format!("\"{version}\""))];
    Ok((etag, Json(PoliciesBody { version, organization, groups, users })))
}

/// Replaces the organization's policy
///
/// With `If-Match`, only if no policy has changed since that version. It applies at once, to live
/// sessions too. An empty object leaves everything to the server's settings.
#[utoipa::path(
    put, path = "/v1/admin/policy/organization", tag = "policy", security(("admin" = [])),
    request_body = Layer,
    responses(
        (status = 200, description = "Written", body = WrittenBody),
        ForAdmins,
        (status = 412, description = "Another version", body = Problem, content_type = "application/problem+json"),
        ForBodies,
        (status = 422, description = "A value is out of its range", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn put_organization(
    State(state): State<AppState>,
    admin: Admin,
    headers: HeaderMap,
    layer: Result<Json<Object<Layer>>, JsonRejection>,
) -> Result<Json<WrittenBody>, Problem> {
    write(&state, &admin, &headers, Scope::Organization, Some(layer)).await
}

/// A group's policy
#[utoipa::path(
    get, path = "/v1/admin/policy/groups/{group}", tag = "policy", security(("admin" = [])),
    params(("group" = String, Path, description = "The group's name, as tokens are registered with it")),
    responses(
        (status = 200, description = "The policy", body = Layer),
        ForAdmins,
        (status = 404, description = "The group has none", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_group(
    State(state): State<AppState>,
    admin: Admin,
    Path(group): Path<String>,
) -> Result<Json<Layer>, Problem> {
    get(&state, &admin, &Scope::Group(group))
}

/// Writes a group's policy
#[utoipa::path(
    put, path = "/v1/admin/policy/groups/{group}", tag = "policy", security(("admin" = [])),
    params(("group" = String, Path, description = "The group's name, as tokens are registered with it")),
    request_body = Layer,
    responses(
        (status = 200, description = "Written", body = WrittenBody),
        ForAdmins,
        (status = 412, description = "Another version", body = Problem, content_type = "application/problem+json"),
        ForBodies,
        (status = 422, description = "A value is out of its range", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn put_group(
    State(state): State<AppState>,
    admin: Admin,
    headers: HeaderMap,
    Path(group): Path<String>,
    layer: Result<Json<Object<Layer>>, JsonRejection>,
) -> Result<Json<WrittenBody>, Problem> {
    write(&state, &admin, &headers, Scope::Group(group), Some(layer)).await
}

/// Removes a group's policy
#[utoipa::path(
    delete, path = "/v1/admin/policy/groups/{group}", tag = "policy", security(("admin" = [])),
    params(("group" = String, Path, description = "The group's name, as tokens are registered with it")),
    responses(
        (status = 200, description = "It has none, now or before", body = WrittenBody),
        ForAdmins,
        (status = 412, description = "Another version", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A value is out of its range", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn delete_group(
    State(state): State<AppState>,
    admin: Admin,
    headers: HeaderMap,
    Path(group): Path<String>,
) -> Result<Json<WrittenBody>, Problem> {
    write(&state, &admin, &headers, Scope::Group(group), None).await
}

/// A user's own policy
#[utoipa::path(
    get, path = "/v1/admin/policy/users/{user}", tag = "policy", security(("admin" = [])),
    params(("user" = String, Path, description = "The user's name, as registered")),
    responses(
        (status = 200, description = "The policy", body = Layer),
        ForAdmins,
        (status = 404, description = "The user has none", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get_user(
    State(state): State<AppState>,
    admin: Admin,
    Path(user): Path<String>,
) -> Result<Json<Layer>, Problem> {
    get(&state, &admin, &Scope::User(user))
}

/// Writes a user's own policy
#[utoipa::path(
    put, path = "/v1/admin/policy/users/{user}", tag = "policy", security(("admin" = [])),
    params(("user" = String, Path, description = "The user's name, as registered")),
    request_body = Layer,
    responses(
        (status = 200, description = "Written", body = WrittenBody),
        ForAdmins,
        (status = 412, description = "Another version", body = Problem, content_type = "application/problem+json"),
        ForBodies,
        (status = 422, description = "A value is out of its range", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn put_user(
    State(state): State<AppState>,
    admin: Admin,
    headers: HeaderMap,
    Path(user): Path<String>,
    layer: Result<Json<Object<Layer>>, JsonRejection>,
) -> Result<Json<WrittenBody>, Problem> {
    write(&state, &admin, &headers, Scope::User(user), Some(layer)).await
}

/// Removes a user's own policy
#[utoipa::path(
    delete, path = "/v1/admin/policy/users/{user}", tag = "policy", security(("admin" = [])),
    params(("user" = String, Path, description = "The user's name, as registered")),
    responses(
        (status = 200, description = "The user has none, now or before", body = WrittenBody),
        ForAdmins,
        (status = 412, description = "Another version", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A value is out of its range", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn delete_user(
    State(state): State<AppState>,
    admin: Admin,
    headers: HeaderMap,
    Path(user): Path<String>,
) -> Result<Json<WrittenBody>, Problem> {
    write(&state, &admin, &headers, Scope::User(user), None).await
}

/// Says when a user's shift ends, without touching the rest of the user's policy
///
/// For workforce systems: sessions that began before the end are over then, however active the user
/// is.
#[utoipa::path(
    put, path = "/v1/admin/policy/users/{user}/shift", tag = "policy", security(("admin" = [])),
    params(("user" = String, Path, description = "The user's name, as registered")),
    request_body = Shift,
    responses(
        (status = 200, description = "Written", body = WrittenBody),
        ForAdmins,
        (status = 412, description = "Somebody else wrote at the same time", body = Problem, content_type = "application/problem+json"),
        ForBodies,
        (status = 422, description = "A value is out of its range", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn put_shift(
    State(state): State<AppState>,
    admin: Admin,
    headers: HeaderMap,
    Path(user): Path<String>,
    shift: Result<Json<Object<Shift>>, JsonRejection>,
) -> Result<Json<WrittenBody>, Problem> {
    admin.may(May::PolicyWrite)?;
    let Json(Object(shift)) = shift?;
    let scope = Scope::User(user);
    let wanted = if_match(&headers)?;
    let mut tries = 0;
    loop {
        let (version, before) = state.kept_policy(&scope).await?;
        let layer = Layer { shift: Some(shift.clone()), ..before };
        check(&state, &scope, Some(&layer))?;
        let expected = wanted.unwrap_or(version);
        match state.write_policy(&admin.name, scope.clone(), Some(layer), Some(expected)).await? {
            // Somebody wrote any policy in between: with theirs it is read again.
            Written::Conflict(_) if wanted.is_none() && tries < TRIES => tries += 1,
            done => return written(done),
        }
    }
}

fn get(state: &AppState, admin: &Admin, scope: &Scope) -> Result<Json<Layer>, Problem> {
    admin.may(May::PolicyRead)?;
    let none = || {
        let detail = format!("There is no policy of {scope}: what applies is in the layers below.");
        Problem::new(StatusCode::NOT_FOUND, detail)
    };
    state.policies().stored(scope).map(|stored| Json(stored.layer)).ok_or_else(none)
}

async fn write(
    state: &AppState,
    admin: &Admin,
    headers: &HeaderMap,
    scope: Scope,
    layer: Option<Result<Json<Object<Layer>>, JsonRejection>>,
) -> Result<Json<WrittenBody>, Problem> {
    admin.may(May::PolicyWrite)?;
    let layer = layer.transpose()?.map(|Json(Object(layer))| layer);
    check(state, &scope, layer.as_ref())?;
    let expected = if_match(headers)?;
    written(state.write_policy(&admin.name, scope, layer, expected).await?)
}

fn check(state: &AppState, scope: &Scope, layer: Option<&Layer>) -> Result<(), Problem> {
    if let Scope::Group(text) | Scope::User(text) = scope {
        name("the name in the path", text).map_err(unprocessable)?;
    }
    layer.map_or(Ok(()), |layer| layer.check(scope, state.settings().dev)).map_err(unprocessable)
}

fn written(written: Written) -> Result<Json<WrittenBody>, Problem> {
    match written {
        Written::Version(version) => Ok(Json(WrittenBody { version })),
        Written::Conflict(version) => Err(Problem::new(
            StatusCode::PRECONDITION_FAILED,
            format!("The policies are at version {version} now: read them and try again."),
        )),
    }
}

/// The version in `If-Match` (RFC 9110, section 13.1.1).
fn if_match(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    if text == "*" {
        return Ok(None);
    }
    let version = text.trim_start_matches("W/").trim_matches('"').parse().ok();
    version.map(Some).ok_or_else(|| {
        unprocessable("If-Match must be the version in quotes, as ETag and answers give it.")
    })
}
