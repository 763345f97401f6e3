//! Signing in to the desktop app through the browser: an authorization code with PKCE (RFC 6749, section
//! 4.1, RFC 7636) for an app that has no secret (RFC 8252). The page of the endpoint is www/desktop.
//!
//! What the app gets is the very token of the browser's session: the demo shows one token in two
//! programs. A provider of identities would issue one for each, tied together by their sign-in.

use axum::{
    Form, Json,
    extract::{
        State,
        rejection::{FormRejection, JsonRejection},
    },
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use super::{codes::Grant, fresh, pkce::Challenge};
use crate::{
    bearer::Bearer, problem::Problem, secret::Secret, sessions::Gone, state::AppState, store::Key,
};

/// The one client: the desktop app.
const CLIENT_ID: &str = "stillhere-desktop";
/// Where codes go, and nowhere else.
const REDIRECT_URI: &str = "stillhere://signed-in";

/// What the desktop app asked the browser for.
#[derive(Deserialize)]
pub(super) struct Authorize {
    client_id: String,
    redirect_uri: String,
    code_challenge: String,
    code_challenge_method: String,
}

#[derive(Serialize)]
pub(super) struct Authorized {
    code: String,
}

/// A code for whoever holds the token. To ask for one is no activity.
pub(super) async fn authorize(
    State(state): State<AppState>,
    bearer: Bearer,
    body: Result<Json<Authorize>, JsonRejection>,
) -> Result<Json<Authorized>, Problem> {
    let Json(asked) = body?;
    let wrong = |why| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, why);
    let challenge = asked.check().map_err(wrong)?;
    state.with(&bearer, || state.whose(&bearer.key)).await?;
    let code = fresh()?;
    let grant = Grant { token: Secret::from(bearer.expose().to_owned()), challenge };
    state.codes().put(state.now_ms(), &code, grant).map_err(Problem::too_often)?;
    Ok(Json(Authorized { code }))
}

impl Authorize {
    /// The challenge, or what is wrong.
    fn check(&self) -> Result<Challenge, &'static str> {
        if self.client_id != CLIENT_ID {
            return Err("client_id must be stillhere-desktop.");
        }
        if self.redirect_uri != REDIRECT_URI {
            return Err("redirect_uri must be stillhere://signed-in.");
        }
        if self.code_challenge_method != "S256" {
            return Err("code_challenge_method must be S256.");
        }
        let not_one = "code_challenge must be the SHA-256 of the code verifier in base64url, 43 \
                       characters without padding.";
        Challenge::parse(&self.code_challenge).ok_or(not_one)
    }
}

/// The fields of RFC 6749, section 4.1.3, and of RFC 7636, section 4.5.
#[derive(Deserialize)]
pub(super) struct Exchange {
    grant_type: Option<String>,
    code: Option<String>,
    redirect_uri: Option<String>,
    client_id: Option<String>,
    code_verifier: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Issued {
    access_token: String,
    token_type: &'static str,
    user: String,
}

/// Old caches read this one (RFC 6749, section 5.1); `Cache-Control` is on every answer.
const PRAGMA: [(HeaderName, &str); 1] = [(header::PRAGMA, "no-cache")];

/// The token for a code.
pub(super) async fn token(
    State(state): State<AppState>,
    form: Result<Form<Exchange>, FormRejection>,
) -> Result<impl IntoResponse, Refusal> {
    let Form(form) = form?;
    match given(form.grant_type.as_deref(), "grant_type is missing.")? {
        "authorization_code" => {}
        _ => {
            let why = "grant_type must be authorization_code.";
            return Err(Refusal::OAuth("unsupported_grant_type", why));
        }
    }
    if given(form.client_id.as_deref(), "client_id is missing.")? != CLIENT_ID {
        return Err(Refusal::OAuth("invalid_client", "client_id must be stillhere-desktop."));
    }
    let redirect_uri = given(form.redirect_uri.as_deref(), "redirect_uri is missing.")?;
    let verifier = given(form.code_verifier.as_deref(), "code_verifier is missing.")?;
    let code = given(form.code.as_deref(), "code is missing.")?;

    let grant = state.codes().take(state.now_ms(), code);
    let grant =
        grant.filter(|grant| redirect_uri == REDIRECT_URI && grant.challenge.fits(verifier));
    // One answer for all: it tells nobody which codes there are.
    let no_grant =
        "This code is unknown, used, older than 60 s or meant for somebody else: sign in again.";
    let grant = grant.ok_or(Refusal::OAuth("invalid_grant", no_grant))?;
    let access_token = grant.token.expose().to_owned();
    let user = state.whose(&Key::of(&access_token)).await?;
    Ok((PRAGMA, Json(Issued { access_token, token_type: "Bearer", user })))
}

/// A field; one without a value counts as left out (RFC 6749, section 3.2).
fn given<'a>(field: Option<&'a str>, missing: &'static str) -> Result<&'a str, Refusal> {
    let field = field.filter(|value| !value.is_empty());
    field.ok_or(Refusal::OAuth("invalid_request", missing))
}

/// Why there is no token.
pub(super) enum Refusal {
    /// An error code of RFC 6749, section 5.2, and one sentence.
    OAuth(&'static str, &'static str),
    /// Nothing that the standard knows.
    Other(Problem),
}

impl From<FormRejection> for Refusal {
    fn from(_: FormRejection) -> Self {
        let why = "Send each field once, as application/x-www-form-urlencoded.";
        Self::OAuth("invalid_request", why)
    }
}

impl From<Gone> for Refusal {
    fn from(gone: Gone) -> Self {
        match gone {
            Gone::Store(error) => Self::Other(error.into()),
            Gone::Ended(_) | Gone::Unknown => {
                Self::OAuth("invalid_grant", "The session of this code is over: sign in again.")
            }
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        #[derive(Serialize)]
        struct Body {
            error: &'static str,
            error_description: &'static str,
        }
        match self {
            Self::OAuth(error, error_description) => {
                let body = Json(Body { error, error_description });
                (StatusCode::BAD_REQUEST, PRAGMA, body).into_response()
            }
            Self::Other(problem) => problem.into_response(),
        }
    }
}
