//! The calls about tokens.

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use stillhere::core::{ended::EndedBecause, policy::Mode};
use utoipa::{IntoParams, ToSchema};

use super::{
    Caller,
    error::{ErrorBody, Refused},
};
use crate::{admins::Scope as May, problem::Problem, state::AppState, wire::rfc3339};

const ME: &str = "/api/v2/tokens/me";

/// An organization. There is one.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NamedEntity {
    id: &'static str,
    name: &'static str,
}

const ORGANIZATION: NamedEntity = NamedEntity { id: "organization", name: "organization" };

/// The client that the token was issued to.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrgOAuthClient {
    name: &'static str,
    authorized_grant_type: &'static str,
    scope: [String; 0],
}

/// A token, as its holder sees it.
///
/// Tokens are issued elsewhere. What is not known of them here stands in its place: one organization,
/// no scopes, one client.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokenInfo {
    organization: NamedEntity,
    home_organization: NamedEntity,
    authorized_scope: [String; 0],
    /// When the session ends without activity (RFC 3339). Missing while nothing runs out: an
    /// interaction is open, or the policy only observes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    date_token_idles: Option<String>,
    #[serde(rename = "OAuthClient")]
    oauth_client: OrgOAuthClient,
}

impl TokenInfo {
    fn new(date_token_idles: Option<String>) -> Self {
        let oauth_client =
            OrgOAuthClient { name: "stillhere", authorized_grant_type: "TOKEN", scope: [] };
        Self {
            organization: ORGANIZATION,
            home_organization: ORGANIZATION,
            authorized_scope: [],
            date_token_idles,
            oauth_client,
        }
    }
}

/// Whether the question is an activity.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// True: the idle time goes on. Otherwise it begins anew.
    #[serde(rename = "preserveIdleTTL")]
    preserve_idle_ttl: Option<bool>,
}

/// Whether the token lives; extends nothing by itself
///
/// Genesys Cloud documents a new idle time for `GET` alone, and gives `HEAD` no flag against it. Here it
/// is a question like any other API call: activity only where the policy's API rules say so.
#[utoipa::path(
    head, path = "/api/v2/tokens/me", tag = "genesys", security(("token" = [])),
    responses(
        (status = 200, description = "It does"),
        (status = 400, description = "The request cannot be read"),
        (status = 401, description = "It does not"),
    ),
)]
pub(crate) async fn verify(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<StatusCode, Refused> {
    state.with(&caller.bearer, || state.call(&caller.bearer.key, "HEAD", ME)).await?;
    Ok(StatusCode::OK)
}

/// The token; to ask for it is an activity, unless `preserveIdleTTL` is true
///
/// Nor is it one where the policy's API rules exclude this path.
#[utoipa::path(
    get, path = "/api/v2/tokens/me", tag = "genesys", security(("token" = [])), params(Asked),
    responses(
        (status = 200, description = "The token", body = TokenInfo),
        (status = 400, description = "The request cannot be read", body = ErrorBody),
        (status = 401, description = "The token is gone", body = ErrorBody),
    ),
)]
pub(crate) async fn info(
    State(state): State<AppState>,
    caller: Caller,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<TokenInfo>, Refused> {
    let Query(asked) = asked.map_err(Problem::from)?;
    if asked.preserve_idle_ttl == Some(true) {
        state.with(&caller.bearer, || state.look(&caller.bearer.key)).await?;
    } else {
        state.with(&caller.bearer, || state.slide(&caller.bearer.key, "GET", ME)).await?;
    }
    // By one look at the clock: the moment must not wander while nothing happens.
    let idles = state.read(&caller.bearer.key, |record, now, in_force| {
        let left = record.session.state(now, in_force.terms()).remaining_ms;
        let runs_out = left.filter(|_| in_force.policy.mode == Mode::Enforce);
        runs_out.map(|left| rfc3339(now.saturating_add(left)))
    });
    Ok(Json(TokenInfo::new(idles.await?.flatten())))
}

/// Ends the token
#[utoipa::path(
    delete, path = "/api/v2/tokens/me", tag = "genesys", security(("token" = [])),
    responses(
        (status = 204, description = "It ended now"),
        (status = 400, description = "The request cannot be read", body = ErrorBody),
        (status = 401, description = "It was over already", body = ErrorBody),
    ),
)]
pub(crate) async fn end(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<StatusCode, Refused> {
    let because = EndedBecause::SignedOut;
    state.with(&caller.bearer, || state.end(&caller.bearer.key, because)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Logs a user off: ends every token of theirs, and no sign-in of theirs is taken up again
///
/// Whoever is named `me` or `timeout` is logged off at `/v1/admin/users/{user}/sessions`.
#[utoipa::path(
    delete, path = "/api/v2/tokens/{userId}", tag = "genesys", security(("admin" = [])),
    params(("userId" = String, Path, description = "The user's name, as registered")),
    responses(
        (status = 204, description = "None lives, now or before"),
        (status = 400, description = "The request cannot be read", body = ErrorBody),
        (status = 401, description = "No token that lives", body = ErrorBody),
        (status = 403, description = "`oauth:token:delete` is missing: the scope sessions:end", body = ErrorBody),
    ),
)]
pub(crate) async fn log_off(
    State(state): State<AppState>,
    caller: Caller,
    Path(user): Path<String>,
) -> Result<StatusCode, Refused> {
    let admin = caller.admin(&state, May::SessionsEnd, "oauth:token:delete").await?;
    state.audit(&admin.name, "user.log-off", user.clone()).await?;
    state.log_off(&user).await?;
    Ok(StatusCode::NO_CONTENT)
}
