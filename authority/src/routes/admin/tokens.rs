//! Tokens that were issued elsewhere.

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
    http::StatusCode,
};

use super::{name, unprocessable};
use crate::{
    admins::{Admin, Scope},
    bearer::{MAX_TOKEN, MIN_TOKEN, is_b64token},
    problem::{ForAdmins, ForBodies, Problem},
    registration::Registered,
    state::AppState,
    store::Owner,
    wire::{RegisterBody, StateBody},
};

/// Groups of one user.
pub(crate) const MAX_GROUPS: usize = 64;

/// Registers a token that was issued elsewhere
///
/// A token of a sign-in that goes on begins with the idle time that its user has there, so that
/// tokens which are renewed in the background keep nobody signed in.
#[utoipa::path(
    post, path = "/v1/sessions", tag = "admin", security(("admin" = [])),
    request_body = RegisterBody,
    responses(
        (status = 201, description = "The state it begins with", body = StateBody),
        ForAdmins,
        (status = 409, description = "The token is known already, alive or ended; or its sign-in is over", body = Problem, content_type = "application/problem+json"),
        ForBodies,
        (status = 422, description = "A field is missing or out of its range", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn register(
    State(state): State<AppState>,
    admin: Admin,
    body: Result<Json<RegisterBody>, JsonRejection>,
) -> Result<(StatusCode, Json<StateBody>), Problem> {
    admin.may(Scope::TokensRegister)?;
    let Json(body) = body?;
    check(&body).map_err(unprocessable)?;
    let owner = Owner { user: body.user, sign_in: body.sign_in, groups: body.groups };
    match state.register(&body.token, owner).await? {
        Registered::New(now, policy) => {
            Ok((StatusCode::CREATED, Json(StateBody::new(now, &policy))))
        }
        Registered::Known => {
            let detail = "This token is known already, alive or ended: issue a new one.";
            Err(Problem::new(StatusCode::CONFLICT, detail))
        }
        Registered::SignInOver(because) => Err(Problem::sign_in_over(because)),
    }
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
