//! The public key of what the authority signs.

use axum::{
    Json,
    extract::State,
    http::header::{CACHE_CONTROL, HeaderName},
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::state::AppState;

/// A JWK set (RFC 7517, section 5).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JwksBody {
    /// The public key of logout tokens and security event tokens; none where none is configured.
    #[schema(value_type = Vec<Object>)]
    keys: Vec<Value>,
}

/// The public key that checks logout tokens and security event tokens
#[utoipa::path(
    get, path = "/v1/jwks.json", tag = "notices",
    responses((status = 200, description = "A JWK set (RFC 7517); may be kept for 5 minutes", body = JwksBody)),
)]
pub(crate) async fn jwks(
    State(state): State<AppState>,
) -> ([(HeaderName, &'static str); 1], Json<JwksBody>) {
    let signer = state.settings().notices.signer.iter();
    let keys = signer.map(|signer| signer.jwk().clone()).collect();
    ([(CACHE_CONTROL, "public, max-age=300")], Json(JwksBody { keys }))
}
