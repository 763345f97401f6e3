//! Errors as RFC 9457 `application/problem+json`, with the challenges of RFC 6750.

use std::borrow::Cow;

use axum::{
    Json,
    extract::rejection::{JsonRejection, QueryRejection},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use stillhere::core::ended::EndedBecause;
use utoipa::{IntoResponses, ToSchema};

use crate::{sessions::Gone, store::StoreError};

const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Why a call failed, and what to do about it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// Stable name of the kind of problem; `about:blank` where the status says it all.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The kind in a few words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// One sentence on this occurrence.
    detail: String,
    /// `ended` when the token was known and is over.
    #[serde(
        rename = "state",
        skip_serializing_if = "std::ops::Not::not",
        serialize_with = "ended"
    )]
    #[schema(value_type = Option<String>)]
    ended: bool,
    /// Why the token is over: `idle`, `schedule`, `revoked` or `signed-out`.
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<&'static str>,
    /// Seconds until another attempt makes sense.
    #[serde(skip)]
    #[schema(ignore)]
    retry_after: Option<u32>,
    #[serde(skip)]
    #[schema(ignore)]
    challenge: Option<Challenge>,
}

/// The one state that a problem tells of.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn ended<S: serde::Serializer>(_: &bool, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str("ended")
}

/// What every administrator's call can answer.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "they are read by the OpenAPI document alone")]
pub(crate) enum ForAdmins {
    /// Not the administrator
    #[response(status = 401, content_type = "application/problem+json")]
    NotAdmin(Problem),
    /// Not allowed
    #[response(status = 403, content_type = "application/problem+json")]
    NotAllowed(Problem),
}

/// What every call with a body can answer.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "they are read by the OpenAPI document alone")]
pub(crate) enum ForBodies {
    /// The request cannot be read
    #[response(status = 400, content_type = "application/problem+json")]
    Unreadable(Problem),
    /// Over 16 KiB
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem),
    /// Not JSON
    #[response(status = 415, content_type = "application/problem+json")]
    NotJson(Problem),
}

/// What the client has to do about its token (RFC 6750, section 3).
#[derive(Debug, Clone, Copy)]
enum Challenge {
    NoToken,
    InvalidRequest,
    InvalidToken,
    InsufficientScope(&'static str),
}

impl Challenge {
    fn write(self) -> Cow<'static, str> {
        match self {
            Self::NoToken => "Bearer".into(),
            Self::InvalidRequest => r#"Bearer error="invalid_request""#.into(),
            Self::InvalidToken => r#"Bearer error="invalid_token""#.into(),
            Self::InsufficientScope(scope) => {
                format!(r#"Bearer error="insufficient_scope", scope="{scope}""#).into()
            }
        }
    }
}

impl Problem {
    /// A problem that its status describes well enough, with one sentence on what to do.
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: detail.into(),
            ended: false,
            because: None,
            retry_after: None,
            challenge: None,
        }
    }

    /// What the status line says.
    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The sentence on this occurrence.
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    /// Why the token is over, where it is known to be.
    pub(crate) const fn because(&self) -> Option<&'static str> {
        self.because
    }

    /// What `WWW-Authenticate` says.
    pub(crate) fn challenge(&self) -> Option<Cow<'static, str>> {
        self.challenge.map(Challenge::write)
    }

    /// No credentials at all: the challenge carries no error code (RFC 6750, section 3.1).
    pub(crate) fn no_token() -> Self {
        let detail = "Send the access token as `Authorization: Bearer <token>`.";
        Self { challenge: Some(Challenge::NoToken), ..Self::new(StatusCode::UNAUTHORIZED, detail) }
    }

    /// Credentials that cannot be read (RFC 6750, section 3.1).
    pub(crate) fn malformed_token() -> Self {
        let detail = "Send exactly one `Authorization: Bearer <token>` header whose token is of \
                      the form b64token (RFC 6750, section 2.1) and at most 8192 characters long.";
        Self {
            challenge: Some(Challenge::InvalidRequest),
            ..Self::new(StatusCode::BAD_REQUEST, detail)
        }
    }

    /// The token's issuer could not be asked whether it is good.
    pub(crate) fn issuer_unreachable() -> Self {
        let detail = "The issuer of the token cannot be asked about it: try again later.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    }

    /// The session goes on, but the token has run out at its issuer.
    pub(crate) fn token_ran_out() -> Self {
        Self::invalid_token("This token has run out at its issuer: renew it.")
    }

    /// More calls than are allowed (RFC 6585, section 4).
    pub(crate) fn too_often(wait: std::time::Duration) -> Self {
        // A whole second more than a part of one, so that nobody comes too early.
        let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
        let detail = format!("Too many calls: wait {seconds} s before the next one.");
        let retry_after = Some(seconds);
        Self { retry_after, ..Self::new(StatusCode::TOO_MANY_REQUESTS, detail) }
    }

    /// The administrator's token is wrong.
    pub(crate) fn not_admin() -> Self {
        Self::invalid_token("This call needs the administrator's token.")
    }

    /// The administrator's token does not allow this.
    pub(crate) fn not_allowed(scope: &'static str) -> Self {
        Self {
            kind: "urn:stillhere:problem:insufficient-scope",
            title: "Insufficient scope",
            challenge: Some(Challenge::InsufficientScope(scope)),
            ..Self::new(StatusCode::FORBIDDEN, format!("This call needs the scope {scope}."))
        }
    }

    fn invalid_token(detail: &str) -> Self {
        Self {
            kind: "urn:stillhere:problem:invalid-token",
            title: "Invalid token",
            challenge: Some(Challenge::InvalidToken),
            ..Self::new(StatusCode::UNAUTHORIZED, detail)
        }
    }

    /// A new token of a sign-in that is over.
    pub(crate) fn sign_in_over(because: EndedBecause) -> Self {
        Self {
            kind: "urn:stillhere:problem:sign-in-over",
            title: "Sign-in over",
            because: Some(because.name()),
            ..Self::new(
                StatusCode::CONFLICT,
                "This sign-in is over and no token revives it: let the user sign in again and \
                 give that a name of its own.",
            )
        }
    }

    fn ended(because: EndedBecause) -> Self {
        Self {
            kind: "urn:stillhere:problem:session-ended",
            title: "Session ended",
            ended: true,
            because: Some(because.name()),
            ..Self::invalid_token("This session is over and nothing revives it: sign in again.")
        }
    }
}

impl From<Gone> for Problem {
    fn from(gone: Gone) -> Self {
        match gone {
            Gone::Ended(because) => Self::ended(because),
            Gone::Unknown => {
                Self::invalid_token("This token is not known here: register it or sign in again.")
            }
            Gone::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a call could not be answered");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "The store cannot be reached: try again later.")
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        let status = rejection.status();
        if matches!(rejection, JsonRejection::JsonDataError(_) | JsonRejection::JsonSyntaxError(_))
        {
            return Self::new(status, format!("{}.", rejection.body_text()));
        }
        Self::new(status, advice(status))
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, format!("{}.", rejection.body_text()))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let (challenge, retry_after) = (self.challenge, self.retry_after);
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, MEDIA_TYPE);
        let challenge = challenge.and_then(|challenge| challenge.write().parse().ok());
        if let Some(challenge) = challenge {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        let unavailable = status == StatusCode::SERVICE_UNAVAILABLE;
        if let Some(seconds) = retry_after.or(unavailable.then_some(1)) {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// Gives errors that no handler made (unknown route, wrong method, too large) the same form. JSON is
/// made by handlers alone, and is the form of another standard (RFC 6749, section 5.2).
pub(crate) fn normalize(response: Response) -> Response {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let made =
        |media_type: &HeaderValue| media_type == MEDIA_TYPE || media_type == "application/json";
    if !is_error || response.headers().get(header::CONTENT_TYPE).is_some_and(made) {
        return response;
    }
    let (parts, _) = response.into_parts();
    let mut problem = Problem::new(status, advice(status)).into_response();
    for (name, value) in &parts.headers {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            problem.headers_mut().insert(name, value.clone());
        }
    }
    problem
}

/// What to do where the status is all that is known.
pub(crate) fn advice(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "There is nothing here: /openapi.json lists every call.",
        StatusCode::METHOD_NOT_ALLOWED => "Use one of the methods in the Allow header.",
        StatusCode::PAYLOAD_TOO_LARGE => "Send at most 16 KiB.",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "Send JSON, with `Content-Type: application/json`.",
        StatusCode::REQUEST_TIMEOUT => "The request took too long to arrive: send it again.",
        status if status.is_client_error() => "The request could not be read: see /openapi.json.",
        _ => "The authority failed: try again later.",
    }
}
