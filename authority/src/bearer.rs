//! The token that a request carries (RFC 6750).

use std::net::IpAddr;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};

use crate::{problem::Problem, state::AppState, store::Key};

/// Fewest characters of a token that is taken in: a shorter one can be guessed (OWASP ASVS 5.0,
/// 7.2.3 asks for 128 bits, which is 16 bytes before any encoding).
pub const MIN_TOKEN: usize = 16;
/// What reverse proxies ask.
const CHECK: &str = "/v1/check";
/// Most characters of a token.
pub const MAX_TOKEN: usize = 8192;

/// The token that the request carries.
pub(crate) struct Bearer {
    /// What stands for it everywhere.
    pub(crate) key: Key,
    /// The token itself, for its issuer and the demo.
    token: String,
    /// Where the request comes from.
    pub(crate) from: IpAddr,
}

impl Bearer {
    /// The token itself. It is never logged; it is shown to the issuer and kept by nobody but the demo,
    /// which hands it to the desktop app within a minute.
    pub(crate) fn expose(&self) -> &str {
        &self.token
    }
}

impl std::fmt::Debug for Bearer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bearer").field("key", &self.key).finish_non_exhaustive()
    }
}

impl FromRequestParts<AppState> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let token = token(&parts.headers)?;
        let key = Key::of(token);
        // A proxy asks for each request of an application, which has limits of its own.
        if !parts.uri.path().starts_with(CHECK) {
            state.limits().token(key)?;
        }
        Ok(Self { key, token: token.to_owned(), from: state.limits().address(parts) })
    }
}

/// Whether a string can be sent as a bearer token: b64token of RFC 6750, section 2.1.
pub(crate) fn is_b64token(token: &str) -> bool {
    let body = token.trim_end_matches('=');
    let fits = |b| matches!(b, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
    !body.is_empty() && body.bytes().all(fits)
}

/// The bearer token of a request.
///
/// # Errors
/// A problem with the challenge of RFC 6750, section 3.
pub(crate) fn token(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or_else(Problem::no_token)?;
    if values.next().is_some() {
        return Err(Problem::malformed_token());
    }
    let value = value.to_str().map_err(|_| Problem::malformed_token())?;
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        // Another scheme is no attempt at this one (RFC 6750, section 3.1).
        return Err(Problem::no_token());
    }
    let token = token.trim_matches(' ');
    if token.len() > MAX_TOKEN || !is_b64token(token) {
        return Err(Problem::malformed_token());
    }
    Ok(token)
}
