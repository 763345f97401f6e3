//! The demo pages and their sign-in. Only with `--www`, and that only with `--dev`.

use std::path::Path;

use axum::{
    Json, Router,
    extract::{State, rejection::JsonRejection},
    http::{HeaderName, HeaderValue, StatusCode, header},
    routing::post,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use tower_http::{
    services::ServeDir,
    set_header::{SetResponseHeader, SetResponseHeaderLayer},
};

use crate::{problem::Problem, state::AppState, store::Owner};

/// Everything from here, and calls to and frames from any port of the same machine.
const CSP: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
     img-src 'self' data:; connect-src 'self' http://localhost:* http://*.localhost:*; \
     frame-src http://localhost:* http://*.localhost:*; base-uri 'none'; form-action 'none'; \
     require-trusted-types-for 'script'",
);

#[derive(Deserialize)]
struct SignIn {
    name: String,
}

#[derive(Serialize)]
struct SignedIn {
    token: String,
    user: String,
}

/// Makes a token of 256 bits.
///
/// # Errors
/// When the system has no randomness.
pub fn new_token() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Adds the demo to the router.
pub(crate) fn add(router: Router<AppState>, www: &Path, dist: Option<&Path>) -> Router<AppState> {
    let mut router = router.route("/demo/sign-in", post(sign_in)).fallback_service(folder(www));
    if let Some(dist) = dist {
        router = router.nest_service("/dist", folder(dist));
    }
    router
}

type Folder = SetResponseHeader<SetResponseHeader<ServeDir, HeaderValue>, HeaderValue>;

fn folder(path: &Path) -> Folder {
    use tower::Layer;
    let set = |name: HeaderName, value| SetResponseHeaderLayer::overriding(name, value);
    let served = set(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    set(header::CONTENT_SECURITY_POLICY, CSP).layer(served.layer(ServeDir::new(path)))
}

async fn sign_in(
    State(state): State<AppState>,
    body: Result<Json<SignIn>, JsonRejection>,
) -> Result<Json<SignedIn>, Problem> {
    let Json(SignIn { name }) = body?;
    if !(1..=64).contains(&name.chars().count()) {
        let detail = "name must have 1 to 64 characters.";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail));
    }
    let no_randomness = |_| {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "The system gave no randomness: try again.")
    };
    let token = new_token().map_err(no_randomness)?;
    let owner = Owner { user: name.clone(), sign_in: None, groups: Vec::new() };
    // 256 fresh bits are never known already.
    state.register(&token, owner).await?;
    Ok(Json(SignedIn { token, user: name }))
}
