//! The demo pages and their sign-in. Only with `--www`, and that only with `--dev`.

mod authorization;
mod codes;
mod pkce;

use std::path::Path;

use axum::{
    Json, Router,
    extract::{Request, State, rejection::JsonRejection},
    http::{HeaderName, HeaderValue, StatusCode, Uri, header},
    routing::post,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use tower::ServiceBuilder;
use tower_http::{
    services::ServeDir,
    set_header::{SetResponseHeader, SetResponseHeaderLayer},
};

pub(crate) use codes::Codes;

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

/// The same, for an answer to a call.
fn fresh() -> Result<String, Problem> {
    let no_randomness = |_| {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "The system gave no randomness: try again.")
    };
    new_token().map_err(no_randomness)
}

/// Adds the demo to the router.
pub(crate) fn add(router: Router<AppState>, www: &Path, dist: Option<&Path>) -> Router<AppState> {
    let has_host = www.join("crm").is_dir();
    let start = move |request| if has_host { start_of_site(request) } else { request };
    let pages = ServiceBuilder::new().map_request(start).service(folder(www));
    let mut router = router
        .route("/demo/sign-in", post(sign_in))
        .route("/demo/authorize", post(authorization::authorize))
        .route("/demo/token", post(authorization::token))
        .fallback_service(pages);
    if let Some(dist) = dist {
        router = router.nest_service("/dist", folder(dist));
    }
    router
}

/// The start of every site but the app's own is a page that embeds the app, where the pages have one: it
/// must be another site for the browser, and is the same server.
fn start_of_site(mut request: Request) -> Request {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let name = host.and_then(|host| host.split(':').next());
    if name.is_some_and(|name| name.ends_with(".localhost")) && request.uri().path() == "/" {
        *request.uri_mut() = Uri::from_static("/crm/");
    }
    request
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
    let token = fresh()?;
    let owner = Owner { user: name.clone(), sign_in: None, groups: Vec::new() };
    // 256 fresh bits are never known already.
    state.register(&token, owner).await?;
    Ok(Json(SignedIn { token, user: name }))
}
