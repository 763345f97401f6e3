//! The question that reverse proxies ask before they let a request through (docs/proxies.md).

use axum::{
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri},
};

use crate::{bearer::Bearer, problem::Problem, state::AppState};

const USER: HeaderName = HeaderName::from_static("x-stillhere-user");
/// Where proxies say which request they ask for: nginx by configuration, Traefik by itself.
const METHODS: [&str; 2] = ["x-original-method", "x-forwarded-method"];
const URIS: [&str; 2] = ["x-original-uri", "x-forwarded-uri"];

/// Whether a request may pass, and whose it is
///
/// For nginx `auth_request`, Traefik `ForwardAuth` and Envoy `ext_authz`. It counts as activity only
/// where the policy's API rules say so; for that, `X-Original-Method` and `X-Original-URI` (or
/// `X-Forwarded-Method` and `X-Forwarded-Uri`) name the request. Envoy names it by the path after
/// `/v1/check`, with any method.
#[utoipa::path(
    get, path = "/v1/check", tag = "proxies", security(("token" = [])),
    params(
        ("x-original-method" = Option<String>, Header, description = "The method of the request that the proxy got"),
        ("x-original-uri" = Option<String>, Header, description = "Its path and query"),
    ),
    responses(
        (status = 204, description = "It may", headers(("x-stillhere-user" = String, description = "Whose token it is, in UTF-8"))),
        (status = 400, description = "The request cannot be read", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The token is gone", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn check(
    State(state): State<AppState>,
    bearer: Bearer,
    headers: HeaderMap,
) -> Result<(StatusCode, [(HeaderName, HeaderValue); 1]), Problem> {
    let said = |names: [&str; 2]| {
        names.into_iter().find_map(|name| headers.get(name)).and_then(|value| value.to_str().ok())
    };
    let method = said(METHODS).unwrap_or("GET");
    let path = said(URIS).map_or_else(|| "/".to_owned(), path_of);
    pass(&state, &bearer, method, &path).await
}

/// The same for Envoy, which asks with the method and the path of the request.
pub(super) async fn check_path(
    State(state): State<AppState>,
    bearer: Bearer,
    method: Method,
    Path(path): Path<String>,
) -> Result<(StatusCode, [(HeaderName, HeaderValue); 1]), Problem> {
    pass(&state, &bearer, method.as_str(), &format!("/{path}")).await
}

async fn pass(
    state: &AppState,
    bearer: &Bearer,
    method: &str,
    path: &str,
) -> Result<(StatusCode, [(HeaderName, HeaderValue); 1]), Problem> {
    state.pass(bearer).await?;
    let (_, owner) = state.with(bearer, || state.call(&bearer.key, method, path)).await?;
    state.metrics().checks.inc();
    // Names have no control characters, so that any of them can stand in a header.
    let user = HeaderValue::from_bytes(owner.user.as_bytes()).map_err(|_| {
        let detail = "The user's name cannot stand in a header.";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, detail)
    })?;
    Ok((StatusCode::NO_CONTENT, [(USER, user)]))
}

/// The path of a request target, without its query.
fn path_of(target: &str) -> String {
    let uri = target.parse::<Uri>();
    uri.map_or_else(|_| "/".to_owned(), |uri| uri.path().to_owned())
}
